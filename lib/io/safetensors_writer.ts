import { require } from "../core/mod.ts";
import { dataArrays, type Dtype, elementCount, type TensorData } from "./dtypes.ts";
import { writeAtomically } from "./write.ts";
import { encodeBfloat16, encodeFloat16 } from "../format/mod.ts";
import { lengthBytes, metadataKey } from "./safetensors_header.ts";

/** A tensor to be written. */
export interface TensorToWrite {
  readonly name: string;
  /** How the elements are stored. */
  readonly dtype: Dtype;
  readonly shape: readonly number[];
  /** What reading the dtype gives; for F16 and BF16 also float32, which is rounded half to even. */
  readonly data: TensorData;
}

/**
 * Writes a safetensors file atomically. The bytes depend on the tensors and the metadata alone, not
 * on their order: tensors lie by descending element size, then by name, so that each is aligned.
 *
 * @param metadata Free strings, stored under `__metadata__`.
 * @throws {InputError} If a name is taken twice or reserved, data do not fit their dtype or shape,
 *   or the path cannot be written.
 */
export async function writeSafetensors(
  path: string,
  tensors: Iterable<TensorToWrite>,
  metadata: Readonly<Record<string, string>> = {},
): Promise<void> {
  const inOrder = [...tensors].sort(byElementSizeThenName);
  check(inOrder, path);
  const entries: [string, unknown][] = [];
  if (Object.keys(metadata).length > 0) {
    entries.push([metadataKey, Object.fromEntries(Object.entries(metadata).sort())]);
  }
  let end = 0;
  for (const { name, dtype, shape, data } of inOrder) {
    const begin = end;
    end += data.length * elementBytes(dtype);
    entries.push([name, { dtype, shape, data_offsets: [begin, end] }]);
  }
  const header = headerBytes(Object.fromEntries(entries));
  await writeAtomically(path, () => pieces(header, inOrder));
}

function* pieces(header: Uint8Array, tensors: TensorToWrite[]): Generator<Uint8Array> {
  yield header;
  for (const { dtype, data } of tensors) {
    const { buffer, byteOffset, byteLength } = stored(dtype, data);
    yield new Uint8Array(buffer, byteOffset, byteLength);
  }
}

/** The header with its length in front, padded with spaces to a multiple of 8 bytes. */
function headerBytes(header: Record<string, unknown>): Uint8Array {
  const json = new TextEncoder().encode(JSON.stringify(header));
  const bytes = new Uint8Array(lengthBytes + Math.ceil(json.length / 8) * 8).fill(0x20);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(bytes.length - lengthBytes), true);
  bytes.set(json, lengthBytes);
  return bytes;
}

/** How float32 data become 16-bit ones. */
const rounding: Partial<Record<Dtype, (values: Float32Array) => TensorData>> = {
  F16: encodeFloat16,
  BF16: encodeBfloat16,
};

function stored(dtype: Dtype, data: TensorData): TensorData {
  return data instanceof Float32Array ? rounding[dtype]?.(data) ?? data : data;
}

function check(tensors: readonly TensorToWrite[], path: string): void {
  const names = new Set([metadataKey]);
  for (const { name, dtype, shape, data } of tensors) {
    const action = `write tensor ${name} to ${path}`;
    require(!names.has(name), action, `names must be unique and not ${metadataKey}`);
    names.add(name);
    const { name: wanted } = dataArrays[dtype];
    const found = data.constructor.name;
    const isRounded = found === "Float32Array" && dtype in rounding;
    require(found === wanted || isRounded, action, `data of ${dtype} must be a ${wanted}`, found);
    const fits = shape.every((dimension) => Number.isSafeInteger(dimension) && dimension >= 0) &&
      elementCount(shape) === data.length;
    require(fits, action, `shape must be integers whose product is ${data.length}`, shape);
  }
}

function byElementSizeThenName(a: TensorToWrite, b: TensorToWrite): number {
  const bySize = elementBytes(b.dtype) - elementBytes(a.dtype);
  return bySize || (a.name < b.name ? -1 : Number(a.name > b.name));
}

function elementBytes(dtype: Dtype): number {
  return dataArrays[dtype].BYTES_PER_ELEMENT;
}
