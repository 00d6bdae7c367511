import { require } from "../core/mod.ts";
import type { BlockType } from "./block_type.ts";
import { kBlocks } from "./k_blocks.ts";
import { legacyBlocks } from "./legacy_blocks.ts";
import { type RowMatrix, rowsWanted } from "./stored_matrix.ts";

/** The types of blocks that are read, by the names that ggml gives them. */
export const blockTypes = { ...legacyBlocks, ...kBlocks } satisfies Record<string, BlockType>;

/** The name of a type of blocks, such as `Q4_K`. */
export type BlockTypeName = keyof typeof blockTypes;

/** Whether blocks of a type named in a file are read. */
export function isBlockType(name: string): name is BlockTypeName {
  return Object.hasOwn(blockTypes, name);
}

/** Rows of quantized blocks, as a GGUF file holds them. */
export class BlockMatrix implements RowMatrix {
  /** As {@linkcode blockMatrix}, which checks what it is given. */
  constructor(
    readonly type: BlockTypeName,
    /** The blocks, row by row. */
    readonly data: Uint8Array,
    readonly rows: number,
    readonly columns: number,
  ) {}

  get byteLength(): number {
    return this.data.byteLength;
  }

  get form(): string {
    return this.type;
  }

  decode(firstRow: number, into: Float32Array): void {
    rowsWanted(this, firstRow, into.length);
    const type: BlockType = blockTypes[this.type];
    let at = firstRow * this.#rowBytes;
    for (let to = 0; to < into.length; to += type.elements, at += type.bytes) {
      type.decode(this.data, at, into, to);
    }
  }

  free(): void {
    (this.data.buffer as ArrayBuffer).transfer(0);
  }

  takeRows(order: ArrayLike<number>): BlockMatrix {
    const { type, data, columns } = this;
    const rowBytes = this.#rowBytes;
    const taken = new Uint8Array(order.length * rowBytes);
    for (let place = 0; place < order.length; place++) {
      rowsWanted(this, order[place], columns);
      const start = order[place] * rowBytes;
      taken.set(data.subarray(start, start + rowBytes), place * rowBytes);
    }
    return new BlockMatrix(type, taken, order.length, columns);
  }

  get #rowBytes(): number {
    return this.data.length / this.rows;
  }
}

/**
 * A matrix of blocks, without a copy.
 *
 * @param data The blocks, row by row.
 * @param name What errors call the matrix.
 * @throws {InputError} If rows are no whole blocks, or there are more or fewer bytes than the shape takes.
 */
export function blockMatrix(
  type: BlockTypeName,
  data: Uint8Array,
  rows: number,
  columns: number,
  name = "matrix",
): BlockMatrix {
  const action = `store ${name}`;
  const positive = [rows, columns].every((count) => Number.isInteger(count) && count > 0);
  require(positive, action, "rows and columns must be positive integers", [rows, columns]);
  const { elements, bytes } = blockTypes[type];
  const isWhole = columns % elements === 0;
  require(isWhole, action, `rows of ${type} must be a multiple of ${elements} long`, columns);
  const expected = rows * columns / elements * bytes;
  const rule = `${rows} x ${columns} values of ${type} must take ${expected} bytes`;
  require(data.length === expected, action, rule, data.length);
  return new BlockMatrix(type, data, rows, columns);
}
