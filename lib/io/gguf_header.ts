import { counted, require, shortened } from "../core/mod.ts";
import { ByteCursor, MoreNeeded } from "./byte_cursor.ts";
import { elementCount } from "./dtypes.ts";
import { type FilePieces, openPieces } from "./file_pieces.ts";
import { ggufTypes } from "./gguf_types.ts";
import { type GgufValue, readValue } from "./gguf_values.ts";
import { tensorOf } from "./safetensors_header.ts";
import type { TensorFacts } from "./weight_file.ts";

/** Where a tensor lies in its file; `dtype` is its type as ggml calls it, such as `Q4_K`. */
export interface GgufTensor extends TensorFacts {
  /** Position of the first byte in the file. */
  readonly offset: number;
}

/** What a GGUF file says about itself before its data begins. */
export interface GgufHeader {
  readonly path: string;
  /** The settings of the model and its tokenizer, such as `llama.block_count`. */
  readonly metadata: ReadonlyMap<string, GgufValue>;
  /** The tensors by name, in the order of the header, their dimensions in PyTorch's order. */
  readonly tensors: ReadonlyMap<string, GgufTensor>;
}

/** As many bytes are read at first. */
const firstBytes = 1 << 22;

/** Several times that of the largest vocabularies. */
const mostBytes = 1 << 26;

const mostDimensions = 4;

/**
 * Reads the header of a GGUF file of version 3: all of it but the data of its tensors.
 *
 * @throws {InputError} If the file cannot be read or its header is not valid; the message names the file,
 *   and the key or tensor if one is to blame.
 */
export async function readGgufHeader(path: string): Promise<GgufHeader> {
  return await readHeader(await openPieces(path));
}

/** As {@linkcode readGgufHeader}, of a file that is open. */
export async function readHeader(pieces: FilePieces): Promise<GgufHeader> {
  const action = `read ${pieces.path}`;
  for (let wanted = firstBytes;;) {
    const bytes = await pieces.read(0, Math.min(wanted, pieces.size), action);
    try {
      return parseHeader(bytes, pieces.size, pieces.path);
    } catch (error) {
      if (!(error instanceof MoreNeeded)) throw error;
      wanted = Math.max(4 * wanted, error.bytes);
    }
  }
}

/**
 * @param bytes The beginning of the file.
 * @throws {MoreNeeded} If the header is longer.
 */
function parseHeader(bytes: Uint8Array<ArrayBuffer>, size: number, path: string): GgufHeader {
  const action = `read ${path}`;
  const cursor = new ByteCursor(bytes, Math.min(size, mostBytes), action);
  checkVersion(cursor, action);
  const tensorCount = cursor.count(24, "tensors");
  const pairCount = cursor.count(13, "keys");
  const metadata = new Map<string, GgufValue>();
  for (let i = 0; i < pairCount; i++) {
    const key = cursor.string();
    require(!metadata.has(key), action, "it must not repeat a key", shortened(key));
    metadata.set(key, readValue(cursor, `read ${shortened(key)} of ${path}`));
  }
  const parts = metadata.get("split.count") ?? 1;
  const whole = "split.count must be 1: the parts of a split file are read once " +
    "llama-gguf-split --merge has joined them";
  require(typeof parts === "number" && parts <= 1, action, whole, parts);

  const tensors = new Map<string, GgufTensor>();
  for (let i = 0; i < tensorCount; i++) {
    const name = cursor.string();
    require(!tensors.has(name), action, "it must not repeat a tensor", shortened(name));
    tensors.set(name, parseTensor(cursor, tensorOf(path, name)));
  }
  const alignment = metadata.get("general.alignment") ?? 32;
  const isPower = typeof alignment === "number" && alignment > 0 && alignment < 2 ** 31 &&
    Number.isInteger(alignment) && (alignment & (alignment - 1)) === 0;
  require(isPower, action, "general.alignment must be a power of two below 2^31", alignment);
  const dataStart = Math.ceil(cursor.position / alignment) * alignment;
  return { path, metadata, tensors: placed(tensors, { dataStart, alignment, size, path }) };
}

function checkVersion(cursor: ByteCursor, action: string): void {
  const magic = new TextDecoder().decode(cursor.slice(4));
  require(magic === "GGUF", action, "it must begin with GGUF", magic);
  const version = cursor.u32();
  const isBigEndian = version > 0 && (version & 0xffff) === 0;
  require(!isBigEndian, action, "its numbers must be little-endian, not big-endian");
  require(version === 3, action, "its version of GGUF must be 3", version);
}

/** A tensor with its offset as the file says it, from the beginning of the data. */
function parseTensor(cursor: ByteCursor, action: string): GgufTensor {
  const dimensions = cursor.u32();
  const few = `it must have at most ${mostDimensions} dimensions`;
  require(dimensions <= mostDimensions, action, few, dimensions);
  const sizes = Array.from({ length: dimensions }, () => cursor.big("getBigUint64"));
  const shape = sizes.map(Number).reverse();
  const isCountable = sizes.every((size) => size > 0) && Number.isSafeInteger(elementCount(shape));
  require(isCountable, action, "its dimensions must be positive and below 2^53", shape);
  const id = cursor.u32();
  const type = ggufTypes.get(id);
  require(type !== undefined, action, "its type must be one that ggml names", id);
  const { name: dtype, elements, bytes } = type;
  const rowLength = shape.at(-1) ?? 1;
  const rule = `rows of ${dtype} must be a multiple of ${elements} long`;
  require(rowLength % elements === 0, action, rule, rowLength);
  const byteLength = elementCount(shape) / elements * bytes;
  const offset = Number(cursor.big("getBigUint64"));
  return { dtype, shape, offset, byteLength };
}

/** The tensors where they lie in the file, once it is sure that they lie there and apart. */
function placed(
  tensors: ReadonlyMap<string, GgufTensor>,
  { dataStart, alignment, size, path }: Record<"dataStart" | "alignment" | "size", number> & {
    path: string;
  },
): Map<string, GgufTensor> {
  const inFile = [...tensors].map(([name, tensor]): [string, GgufTensor] => {
    const action = tensorOf(path, name);
    const aligned = `its offset must be a multiple of ${alignment}`;
    require(tensor.offset % alignment === 0, action, aligned, tensor.offset);
    const offset = dataStart + tensor.offset;
    const end = offset + tensor.byteLength;
    require(end <= size, action, `it must end within the file's ${counted(size, "byte")}`, end);
    return [name, { ...tensor, offset }];
  });
  let end = dataStart;
  for (
    const [name, { offset, byteLength }] of inFile.toSorted(([, a], [, b]) => a.offset - b.offset)
  ) {
    const apart = `it must not overlap another, so begin at byte ${end} or later`;
    require(offset >= end, tensorOf(path, name), apart, offset);
    end = offset + byteLength;
  }
  return new Map(inFile);
}
