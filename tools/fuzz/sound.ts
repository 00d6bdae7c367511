/** That what was read is what the file holds: a byte from beyond its end would be found. */
import { assert, assertEquals } from "@std/assert";
import type { StoredMatrix } from "../../lib/format/mod.ts";
import type {
  Checkpoint,
  PackedSettings,
  SafetensorsFile,
  ShardedCheckpoint,
  TensorValues,
} from "../../lib/io/mod.ts";

/** The tensors of a safetensors file are, one after the other, all that stands behind its header. */
export async function requireWhole(file: SafetensorsFile, input: Uint8Array): Promise<void> {
  const places = [...file.tensors].map(([name, { offset, byteLength }]) => ({
    ...{ name, offset, byteLength },
  }));
  let at = input.length - places.reduce((sum, { byteLength }) => sum + byteLength, 0);
  places.sort((a, b) => a.offset - b.offset || a.byteLength - b.byteLength);
  for (const { name } of places) {
    const values = await file.read(name).catch(refusedType);
    const length = file.tensors.get(name)!.byteLength;
    if (values) {
      const bytes = bytesOf(values);
      requireShape(values);
      assert(isSame(bytes, input.subarray(at, at + length)), `${name} is not what the file holds`);
    }
    at += length;
  }
  assertEquals(at, input.length);
}

/** Of a tensor whose type is not read there are no values. */
function refusedType(error: Error): undefined {
  if (!error.message.includes("dtype must be one of")) throw error;
}

/** Every element of a tensor stands somewhere in its file. */
export function requireFound(values: TensorValues, input: Uint8Array): void {
  requireShape(values);
  const file = new TextDecoder("latin1").decode(input);
  const bytes = bytesOf(values);
  const width = values.data.BYTES_PER_ELEMENT;
  const elements = new Set<string>();
  for (let at = 0; at < bytes.length; at += width) {
    elements.add(String.fromCharCode(...bytes.subarray(at, at + width)));
  }
  const latin = (text: string) => new TextDecoder("latin1").decode(Uint8Array.from(text, codeOf));
  for (const element of elements) {
    assert(file.includes(latin(element)), "an element is not in the file");
  }
}

function codeOf(character: string): number {
  return character.charCodeAt(0);
}

function requireShape({ shape, data }: TensorValues): void {
  assertEquals(data.length, shape.reduce((product, size) => product * size, 1));
}

function bytesOf({ data: { buffer, byteOffset, byteLength } }: TensorValues): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}

function isSame(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && one.every((byte, index) => byte === other[index]);
}

/** Decoding sets every element, to the same whatever was there, and row by row to the same. */
export function decodedSoundly(matrix: StoredMatrix): Float32Array {
  const { rows, columns } = matrix;
  const [first, second] = [NaN, 1e30].map((fill) => {
    const values = new Float32Array(rows * columns).fill(fill);
    matrix.decode(0, values);
    return values;
  });
  assert(isAlike(first, second), "some elements are not decoded");
  const row = new Float32Array(columns);
  for (const index of [0, rows - 1]) {
    matrix.decode(index, row);
    const there = first.subarray(index * columns, (index + 1) * columns);
    assert(isAlike(row, there), `row ${index} is not the same by itself`);
  }
  return first;
}

function isAlike(one: ArrayLike<number>, other: ArrayLike<number>): boolean {
  return one.length === other.length &&
    Array.from(one).every((value, index) => Object.is(value, other[index]));
}

/** Matrices have the shapes that are listed, and are the same from the disk. */
export async function requireMatrices(checkpoint: Checkpoint): Promise<void> {
  for (const [name, { shape, readable }] of checkpoint.tensors) {
    if (!readable || shape.includes(0) || shape.length === 0) continue;
    const matrix = await checkpoint.readMatrix(name);
    assertEquals(matrix.columns, shape.at(-1));
    assertEquals(matrix.rows * matrix.columns, shape.reduce((product, size) => product * size));
    const values = decodedSoundly(matrix);
    const onDisk = checkpoint.onDisk(name);
    if (!onDisk) continue;
    assert(isAlike(decodedSoundly(onDisk), values), `${name} is not the same from the disk`);
  }
}

/** The values of a packed map by what its format says, code by code; what is not there is an error. */
export async function requirePacked(
  checkpoint: Checkpoint,
  raw: ShardedCheckpoint,
  settings: PackedSettings,
): Promise<void> {
  const { bits, method, zeroOffset, groupSize } = settings;
  for (const name of checkpoint.tensors.keys()) {
    if (raw.tensors.has(name)) continue;
    const prefix = name.slice(0, -"weight".length);
    const matrix = await checkpoint.readMatrix(name);
    const values = decodedSoundly(matrix);
    const part = async (of: string) => at((await raw.read(`${prefix}${of}`)).data);
    const [qweight, qzeros] = [await part("qweight"), await part("qzeros")];
    const scales = await raw.readMatrix(`${prefix}scales`);
    const scale = at(decodedSoundly(scales));
    const index = raw.tensors.has(`${prefix}g_idx`) ? await part("g_idx") : undefined;
    const { rows, columns } = matrix;
    const wordsOf = (length: number) => Math.ceil(length * bits / 32);
    for (let row = 0; row < rows; row++) {
      for (let column = 0; column < columns; column++) {
        const group = index?.(column) ?? Math.floor(column / groupSize);
        const code = method === "gptq"
          ? streamed((word) => qweight(word * rows + row), column, bits)
          : awqCode((word) => qweight(column * Math.ceil(rows / 8) + word), row);
        const zero = method === "gptq"
          ? streamed((word) => qzeros(group * wordsOf(rows) + word), row, bits)
          : awqCode((word) => qzeros(group * Math.ceil(rows / 8) + word), row);
        const step = scale(group * rows + row);
        const expected = Math.fround(step * (code - (zero + zeroOffset) % 2 ** bits));
        const found = values[row * columns + column];
        assert(Object.is(found + 0, expected + 0), `[${row}, ${column}] of ${name} is ${found}`);
      }
    }
  }
}

/** An array that has nothing beyond its end. */
function at(values: ArrayLike<number | bigint>): (index: number) => number {
  return (index) => {
    assert(index in values, `there is no element ${index}`);
    return Number(values[index]);
  };
}

/** A code of a stream of bits. */
function streamed(word: (index: number) => number, place: number, bits: number): number {
  let code = 0;
  for (let bit = 0; bit < bits; bit++) {
    const from = place * bits + bit;
    code |= (word(Math.floor(from / 32)) >>> from % 32 & 1) << bit;
  }
  return code;
}

/** A code of AWQ's words of eight. */
function awqCode(word: (index: number) => number, output: number): number {
  const place = [0, 2, 4, 6, 1, 3, 5, 7].indexOf(output % 8);
  return word(Math.floor(output / 8)) >>> 4 * place & 15;
}
