import {
  AffineMatrix,
  BlockMatrix,
  blockTypes,
  decodeMatrix,
  FloatMatrix,
  type StoredMatrix,
} from "../../format/mod.ts";
import type { AgileBackend, AgileKernel } from "../agile.ts";
import { split } from "../split.ts";
import { tf } from "../tf.ts";
import { fused } from "./fused.ts";

/**
 * The values of a stored matrix as a tensor, `[rows, columns]`. On `agile` they are decoded where the
 * tensor lies, most forms by all threads.
 *
 * @throws {InputError} If they do not fit the memory.
 */
export function storedTensor(matrix: StoredMatrix): tf.Tensor2D {
  const { rows, columns } = matrix;
  return fused(
    "DecodeMatrix",
    {},
    { matrix },
    () => tf.tensor2d(decodeMatrix(matrix), [rows, columns]),
  );
}

/** What is copied, or decoded by the matrix itself, at a time; it stays in the processor's caches. */
const pieceBytes = 2 ** 18;

/** At least this much makes a call worth its while. */
const valuesPerCall = 2 ** 13;

/** A stored form that a SIMD kernel decodes: units of so many values, one after the other. */
interface Packed {
  kernel: string;
  units: number;
  /** What the kernel reads; each part has as many bytes for each unit. */
  parts: Uint8Array[];
  /** What the kernel is told besides. */
  constants?: number[];
  /** What it reads for every unit. */
  tables?: Uint8Array[];
}

/** The kernel of {@linkcode storedTensor}. */
export const storedTensorKernels: AgileKernel[] = [
  {
    name: "DecodeMatrix",
    compute({ attrs: { matrix }, backend }) {
      const { rows, columns } = matrix as StoredMatrix;
      const { tensor, address } = backend.output([rows, columns]);
      const packed = packedForm(matrix);
      if (packed) decodePacked(backend, packed, rows * columns, address);
      else decodeRows(backend, matrix, address);
      return tensor;
    },
  },
];

function packedForm(matrix: StoredMatrix): Packed | undefined {
  if (matrix instanceof FloatMatrix) return packedFloats(matrix);
  if (matrix instanceof AffineMatrix) return packedCodes(matrix);
  if (!(matrix instanceof BlockMatrix)) return undefined;
  const { type, data } = matrix;
  return { kernel: `decode${type}`, units: data.length / blockTypes[type].bytes, parts: [data] };
}

function packedFloats({ dtype, data }: FloatMatrix): Packed | undefined {
  if (dtype === "F32") return undefined;
  const kernel = dtype === "F16" ? "decodeFloat16" : "decodeBfloat16";
  return { kernel, units: data.length, parts: [bytesOf(data)] };
}

/** Rows of codes, unless a row or a group of columns may begin within a byte. */
function packedCodes(matrix: AffineMatrix): Packed | undefined {
  const { rows, columns, bits, groups, grouping, packed } = matrix;
  const isAdjacent = typeof grouping === "number";
  if (columns % 8 > 0 || isAdjacent && grouping % 8 > 0) return undefined;
  const zeroPoint = new Float32Array(matrix.zeroPoints());
  const common = { units: rows, parts: [packed, bytesOf(matrix.scales()), bytesOf(zeroPoint)] };
  if (isAdjacent) {
    return { ...common, kernel: "decodeAffine", constants: [columns, grouping, bits] };
  }
  const constants = [columns, groups, bits];
  return { ...common, kernel: "decodeScatteredAffine", constants, tables: [bytesOf(grouping)] };
}

function bytesOf({ buffer, byteOffset, byteLength }: ArrayBufferView): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}

/** Copies what is stored into the memory, some at a time, and has all threads decode it there. */
function decodePacked(
  backend: AgileBackend,
  { kernel, units, parts, constants = [], tables = [] }: Packed,
  values: number,
  target: number,
): void {
  const { callsAtMost } = backend.simd;
  const unitBytes = parts.map(({ length }) => length / units);
  const allBytes = parts.reduce((sum, { length }) => sum + length, 0);
  const pieces = split(units, 1, Math.ceil(allBytes / (callsAtMost * pieceBytes)));
  const pieceUnits = pieces[0][1];
  const unitValues = values / units;
  const grain = Math.max(4, Math.ceil(valuesPerCall / unitValues));
  const copyBytes = unitBytes.map((bytes) => bytes * pieceUnits);
  const tableBytes = tables.map(({ length }) => length);
  backend.scratch([...copyBytes, ...tableBytes], (...addresses) => {
    const sources = addresses.splice(0, parts.length);
    for (const [i, at] of addresses.entries()) {
      backend.view(Uint8Array, at, tableBytes[i]).set(tables[i]);
    }
    for (const [first, count] of pieces) {
      for (const [i, bytes] of unitBytes.entries()) {
        const stored = parts[i].subarray(first * bytes, (first + count) * bytes);
        backend.view(Uint8Array, sources[i], stored.length).set(stored);
      }
      const calls = split(count, grain, callsAtMost).map(([begin, length]) => [
        length,
        target + 4 * unitValues * (first + begin),
        ...sources.map((source, i) => source + unitBytes[i] * begin),
        ...constants,
        ...addresses,
      ]);
      backend.run(kernel, calls);
    }
  });
}

/** Has the matrix decode its rows, some at a time. */
function decodeRows(backend: AgileBackend, matrix: StoredMatrix, target: number): void {
  const { rows, columns } = matrix;
  const values = backend.view(Float32Array, target, rows * columns);
  const together = Math.max(1, Math.floor(pieceBytes / 4 / columns));
  const piece = new Float32Array(Math.min(rows, together) * columns);
  for (let row = 0; row < rows; row += together) {
    const part = piece.subarray(0, Math.min(together, rows - row) * columns);
    matrix.decode(row, part);
    values.set(part, row * columns);
  }
}
