import {
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
 * tensor lies, floats of 16 bits and ggml's blocks by all threads.
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
const unitsPerCall = 2 ** 13;

/** A stored form that a SIMD kernel decodes: units of so many bytes, one after the other. */
interface Packed {
  kernel: string;
  bytes: Uint8Array;
  unitBytes: number;
  unitValues: number;
}

/** The kernel of {@linkcode storedTensor}. */
export const storedTensorKernels: AgileKernel[] = [
  {
    name: "DecodeMatrix",
    compute({ attrs: { matrix }, backend }) {
      const { rows, columns } = matrix as StoredMatrix;
      const { tensor, address } = backend.output([rows, columns]);
      const packed = packedForm(matrix);
      if (packed) decodePacked(backend, packed, address);
      else decodeRows(backend, matrix, address);
      return tensor;
    },
  },
];

function packedForm(matrix: StoredMatrix): Packed | undefined {
  if (matrix instanceof BlockMatrix) {
    const { type, data } = matrix;
    const { bytes: unitBytes, elements: unitValues } = blockTypes[type];
    return { kernel: `decode${type}`, bytes: data, unitBytes, unitValues };
  }
  if (!(matrix instanceof FloatMatrix) || matrix.dtype === "F32") return undefined;
  const { buffer, byteOffset, byteLength } = matrix.data;
  const kernel = matrix.dtype === "F16" ? "decodeFloat16" : "decodeBfloat16";
  const bytes = new Uint8Array(buffer, byteOffset, byteLength);
  return { kernel, bytes, unitBytes: 2, unitValues: 1 };
}

/** Copies the stored bytes into the memory, some at a time, and has all threads decode them there. */
function decodePacked(
  backend: AgileBackend,
  { kernel, bytes, unitBytes, unitValues }: Packed,
  target: number,
): void {
  const units = bytes.length / unitBytes;
  const pieceUnits = Math.max(1, Math.floor(backend.simd.callsAtMost * pieceBytes / unitBytes));
  const scratchBytes = Math.min(units, pieceUnits) * unitBytes;
  backend.scratch([scratchBytes], (source) => {
    const copy = backend.view(Uint8Array, source, scratchBytes);
    for (const [first, count] of split(units, pieceUnits, Math.ceil(units / pieceUnits))) {
      copy.set(bytes.subarray(first * unitBytes, (first + count) * unitBytes));
      const grain = Math.max(4, Math.ceil(unitsPerCall / unitValues));
      const calls = split(count, grain, backend.simd.callsAtMost).map(([begin, length]) => [
        length,
        target + 4 * unitValues * (first + begin),
        source + unitBytes * begin,
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
