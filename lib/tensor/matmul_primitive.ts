import { type Library, versionOf } from "./onednn.ts";

/** `dnnl_data_type_t`, `dnnl_format_tag_t`, `DNNL_ARG_*` and `dnnl_query_t`, the same in versions 2 and 3. */
const type = { s32: 4, s8: 5, u8: 6 };
const tag = { any: 1, rows: 3 };
const argument = { source: 1, weights: 33, target: 17 };
const query = { strides: 14, weights: 131, blockCount: 263, blocks: 264, blockAxes: 265 };

/** Columns that lie side by side in {@linkcode BytePrimitives}' weights, and rows that theirs are padded to. */
const [panelColumns, panelDepth] = [64, 64];

/** Bytes that the structures of version 2 fit into: 696 of a memory and 2,800 of a product. */
const [memoryBytes, productBytes] = [1024, 4096];

/** Where the layout stands in the first of these: strides, how many inner blocks, their sizes and axes. */
const offsets = { strides: 320, blockCount: 416, blocks: 424, blockAxes: 520 };

/** A product of one shape, whose matrices are given when it is executed. */
interface Primitive {
  address: bigint;
  source: bigint;
  weights: bigint;
  target: bigint;
  /** What it is executed with. */
  arguments: bigint;
  /** Keeps what `arguments` is the address of. */
  memory: Uint8Array<ArrayBuffer>;
}

/**
 * Exact products of bytes by the library's matmul primitive, for one thread: c = a b, unsigned bytes
 * [m, k] times signed bytes [k, n], in 32-bit integers without gaps between their rows.
 *
 * b lies as the library reads it fastest on processors with VNNI or AMX, its layout `BA16a64b4a`: panels of 64
 * columns, one after the other, of rows padded to a multiple of 64; within a panel four rows of a column after
 * another's.
 */
export class BytePrimitives {
  readonly #library: Library;
  readonly #engine: Deno.PointerValue;
  readonly #stream: bigint;
  readonly #made = new Map<number, Primitive | undefined>();

  constructor(library: Library) {
    this.#library = library;
    this.#engine = created((out) => library.dnnl_engine_create(out, 1, 0n));
    this.#stream = addressOf(created((out) => library.dnnl_stream_create(out, this.#engine, 1)));
  }

  /** Whether the library computes products of this shape, and reads b in that layout. */
  has(m: number, n: number, k: number): boolean {
    return this.#find(m, n, k) !== undefined;
  }

  /**
   * Multiplies matrices given by their addresses in this process; returns the library's status.
   *
   * @throws {Error} If it has no product of this shape.
   */
  multiply(a: bigint, b: bigint, c: bigint, m: number, n: number, k: number): number {
    const primitive = this.#find(m, n, k);
    if (!primitive) throw new Error(`oneDNN has no product of bytes ${m} x ${k} x ${n} in panels`);
    const { dnnl_memory_set_data_handle: set, dnnl_primitive_execute: execute } = this.#library;
    set(primitive.source, a);
    set(primitive.weights, b);
    set(primitive.target, c);
    return execute(primitive.address, this.#stream, 3, primitive.arguments);
  }

  #find(m: number, n: number, k: number): Primitive | undefined {
    const key = (m * 2 ** 16 + n) * 2 ** 16 + k;
    if (!this.#made.has(key)) this.#made.set(key, this.#make(m, n, k));
    return this.#made.get(key);
  }

  /** A product, or nothing where the library refuses or reads the weights in another layout. */
  #make(m: number, n: number, k: number): Primitive | undefined {
    const library = this.#library;
    const make = versionOf(library)[0] === 2 ? describeVersion2 : describeVersion3;
    const description = make(library, this.#engine, m, n, k);
    if (!description) return undefined;
    const { primitive, source, weights, target, layout } = description;
    const expected = [panelColumns * panelDepth, roundUp(k, panelDepth) * panelColumns];
    if (layout.join() !== [...expected, 3, ...[16, panelColumns, 4], ...[0, 1, 0]].join()) {
      return undefined;
    }
    const memories = [source, weights, target].map((descriptor) =>
      addressOf(created((out) => library.dnnl_memory_create(out, descriptor, this.#engine, 0n)))
    );
    const memory = new Uint8Array(16 * 3);
    const view = new DataView(memory.buffer);
    [argument.source, argument.weights, argument.target].forEach((index, i) => {
      view.setInt32(16 * i, index, true);
      view.setBigUint64(16 * i + 8, memories[i], true);
    });
    return {
      address: addressOf(created((out) => library.dnnl_primitive_create(out, primitive))),
      ...{ source: memories[0], weights: memories[1], target: memories[2] },
      ...{ arguments: addressOf(Deno.UnsafePointer.of(memory)), memory },
    };
  }
}

/** A product that the library is ready to make, and the descriptors of its matrices. */
interface Description {
  primitive: Deno.PointerValue;
  source: Deno.PointerValue;
  weights: Deno.PointerValue;
  target: Deno.PointerValue;
  /** Of the weights: strides of both axes, how many inner blocks, and the sizes and axes of three. */
  layout: number[];
}

function describeVersion2(
  library: Library,
  engine: Deno.PointerValue,
  m: number,
  n: number,
  k: number,
): Description | undefined {
  const descriptor = (rows: number, columns: number, dataType: number, format: number) => {
    const bytes = new Uint8Array(memoryBytes);
    const sizes = BigInt64Array.of(BigInt(rows), BigInt(columns));
    requireSuccess(library.dnnl_memory_desc_init_by_tag!(bytes, 2, sizes, dataType, format));
    return bytes;
  };
  const source = descriptor(m, k, type.u8, tag.rows);
  const target = descriptor(m, n, type.s32, tag.rows);
  const product = new Uint8Array(productBytes);
  const any = descriptor(k, n, type.s8, tag.any);
  const { dnnl_matmul_desc_init: init, dnnl_primitive_desc_create: describe } = library;
  if (init!(product, source, any, null, target) !== 0) return undefined;
  const primitive = createdIfPossible((out) => describe!(out, product, null, engine, null));
  if (!primitive) return undefined;
  const weights = library.dnnl_primitive_desc_query_md(primitive, query.weights, 0);
  const view = new Deno.UnsafePointerView(weights!);
  const words = (offset: number, count: number) =>
    Array.from({ length: count }, (_, i) => Number(view.getBigInt64(offset + 8 * i)));
  return {
    ...{ primitive, weights },
    ...{ source: Deno.UnsafePointer.of(source), target: Deno.UnsafePointer.of(target) },
    layout: [
      ...[...words(offsets.strides, 2), view.getInt32(offsets.blockCount)],
      ...[...words(offsets.blocks, 3), ...words(offsets.blockAxes, 3)],
    ],
  };
}

function describeVersion3(
  library: Library,
  engine: Deno.PointerValue,
  m: number,
  n: number,
  k: number,
): Description | undefined {
  const descriptor = (rows: number, columns: number, dataType: number, format: number) => {
    const sizes = BigInt64Array.of(BigInt(rows), BigInt(columns));
    return created((out) =>
      library.dnnl_memory_desc_create_with_tag!(out, 2, sizes, dataType, format)
    );
  };
  const source = descriptor(m, k, type.u8, tag.rows);
  const target = descriptor(m, n, type.s32, tag.rows);
  const any = descriptor(k, n, type.s8, tag.any);
  const describe = library.dnnl_matmul_primitive_desc_create!;
  const primitive = createdIfPossible((out) =>
    describe(out, engine, source, any, null, target, null)
  );
  if (!primitive) return undefined;
  const weights = library.dnnl_primitive_desc_query_md(primitive, query.weights, 0);
  const ask = (what: number) => {
    const out = new BigUint64Array(1);
    requireSuccess(library.dnnl_memory_desc_query!(weights, what, out));
    return out[0];
  };
  const words = (what: number, count: number) => {
    const view = new Deno.UnsafePointerView(Deno.UnsafePointer.create(ask(what))!);
    return Array.from({ length: count }, (_, i) => Number(view.getBigInt64(8 * i)));
  };
  return {
    ...{ primitive, source, weights, target },
    layout: [
      ...[...words(query.strides, 2), Number(ask(query.blockCount))],
      ...[...words(query.blocks, 3), ...words(query.blockAxes, 3)],
    ],
  };
}

/**
 * What the library creates.
 *
 * @throws {Error} If it does not.
 */
function created(create: (out: BigUint64Array<ArrayBuffer>) => number): Deno.PointerValue {
  const out = new BigUint64Array(1);
  requireSuccess(create(out));
  return Deno.UnsafePointer.create(out[0]);
}

/** What the library creates, or null where it cannot. */
function createdIfPossible(
  create: (out: BigUint64Array<ArrayBuffer>) => number,
): Deno.PointerValue {
  const out = new BigUint64Array(1);
  return create(out) === 0 ? Deno.UnsafePointer.create(out[0]) : null;
}

function requireSuccess(status: number): void {
  if (status !== 0) throw new Error(`oneDNN failed with status ${status}`);
}

function addressOf(pointer: Deno.PointerValue): bigint {
  return Deno.UnsafePointer.value(pointer);
}

function roundUp(count: number, step: number): number {
  return Math.ceil(count / step) * step;
}
