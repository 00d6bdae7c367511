import type { Step } from "../core/mod.ts";
import { triangleRow } from "../format/mod.ts";
import type { AgileBackend } from "./agile.ts";
import { split } from "./split.ts";

/** Columns, or rows, of a triangle that are computed together: the others are read once for all of them. */
const panelSize = 64;

/** Multiplications of one run of the threads, a fraction of a second. */
const runSize = 2 ** 28;

/** Rows or columns that a call takes on at least. */
const grain = 16;

/** A pivot that is not positive, and its column. */
export interface BadPivot {
  column: number;
  pivot: number;
}

/** Float64 numbers in the memory of the tensors, with arbitrary contents at first, until they are disposed of. */
export interface Numbers extends Disposable {
  readonly values: Float64Array;
}

/**
 * Room for so many numbers.
 *
 * @throws {InputError} If the memory is exhausted.
 */
export function takeNumbers({ simd: { arena } }: AgileBackend, length: number): Numbers {
  const address = arena.take(8 * length, () => `${length} numbers of float64`);
  return {
    values: arena.view(Float64Array, address, length),
    [Symbol.dispose]: () => arena.give(address),
  };
}

/** An upper triangle, row after row, in the memory of the tensors. */
export interface TriangleAt {
  matrix: Float64Array;
  size: number;
}

/** Where an element lies. */
export function addressOf({ matrix, size }: TriangleAt, row: number, column: number): number {
  return matrix.byteOffset + 8 * (triangleRow(row, size) + column);
}

/** Bytes from a row to the one behind it, and by how much the next such step is less. */
export function strideBehind({ size }: TriangleAt, row: number): [stride: number, shrink: number] {
  return [8 * (size - row - 1), 8];
}

/**
 * Replaces the upper triangle of a symmetric matrix H by that of U, `H^-1 = U^T U`, on the SIMD kernels of
 * `assembly/wide.ts` and all threads.
 *
 * @returns Where a pivot is not positive, if H is not positive definite.
 */
export function inverseFactor(
  backend: AgileBackend,
  triangle: TriangleAt,
  onStep: Step,
): BadPivot | undefined {
  const failure = factor(backend, triangle, (share) => onStep(share / 2));
  if (!failure) invert(backend, triangle, (share) => onStep((1 + share) / 2));
  return failure;
}

/** H = R R^T with R upper triangular, in the place of H; panels of columns from the last one on. */
function factor(backend: AgileBackend, triangle: TriangleAt, onStep: Step): BadPivot | undefined {
  const { size } = triangle;
  using corner = takeNumbers(backend, panelSize ** 2);
  for (let end = size, first; end > 0; end = first) {
    onStep((size - end) / size);
    first = Math.max(0, end - panelSize);
    const width = end - first;
    // The product of rows of R behind the panel with those of the panel.
    const behind = (row: number, count: number, c: readonly number[]) => [
      ...[count, width, size - end, ...c],
      ...[addressOf(triangle, row, size - 1), ...strideBehind(triangle, row), -8],
      ...[addressOf(triangle, first, size - 1), ...strideBehind(triangle, first)],
      ...[1, 0],
    ];
    copyCorner(triangle, first, width, corner.values, "from");
    const own = [corner.values.byteOffset, 8 * width, 0];
    backend.run("subtractProduct", [behind(first, width, own)]);
    const failure = factorCorner(corner.values, width);
    if (failure) return { ...failure, column: first + failure.column };
    copyCorner(triangle, first, width, corner.values, "to");
    const together = Math.ceil(runSize / width / Math.max(1, size - end));
    for (let top = 0; top < first; top += together) {
      onStep((size - end) / size);
      const parts = split(Math.min(together, first - top), grain, backend.simd.callsAtMost)
        .map(([row, count]) => ({
          ...{ row: top + row, count },
          c: [addressOf(triangle, top + row, first), ...strideBehind(triangle, top + row)],
        }));
      backend.run("subtractProduct", parts.map(({ row, count, c }) => behind(row, count, c)));
      backend.run("solveRows", parts.map(({ count, c }) => [count, width, ...c, own[0]]));
    }
  }
}

/** U = R^-1 in the place of R; panels of rows from the last one on. */
function invert(backend: AgileBackend, triangle: TriangleAt, onStep: Step): void {
  const { matrix, size } = triangle;
  using copy = takeNumbers(backend, Math.min(panelSize, size) * size);
  for (let end = size, first; end > 0; end = first) {
    onStep((size - end) / size);
    first = Math.max(0, end - panelSize);
    const width = end - first;
    const stride = size - first;
    for (let row = first; row < end; row++) {
      const start = triangleRow(row, size);
      const own = matrix.subarray(start + row, start + size);
      copy.values.set(own, (row - first) * (stride + 1));
      own.fill(0);
    }
    invertCorner(triangle, first, width, copy.values);
    const c = (column: number) => [
      addressOf(triangle, first, column),
      ...strideBehind(triangle, first),
    ];
    for (let left = end; left < size;) {
      onStep((size - end) / size);
      const together = Math.ceil(runSize / width / (left - end + panelSize));
      const count = Math.min(together, size - left);
      const parts = split(count, grain, backend.simd.callsAtMost)
        .map(([column, columns]) => ({ column: left + column, columns }));
      backend.run(
        "subtractProduct",
        parts.map(({ column, columns }) => {
          const last = column + columns - 1;
          return [
            ...[width, columns, last + 1 - end, ...c(column)],
            ...[copy.values.byteOffset + 8 * (last - first), 8 * stride, 0, -8],
            ...[addressOf(triangle, last, column), ...strideBefore(triangle, last)],
            ...[0, last - column],
          ];
        }),
      );
      const r = [copy.values.byteOffset, 8 * stride];
      backend.run(
        "solveColumns",
        parts.map(({ column, columns }) => [width, columns, ...c(column), ...r]),
      );
      left += count;
    }
  }
}

/** Bytes from a row to the one before it, and by how much the next such step is less. */
function strideBefore({ size }: TriangleAt, row: number): [stride: number, shrink: number] {
  return [-8 * (size - row), 8];
}

/** Copies the part of a panel on the diagonal to or from the lower triangle of `corner`, `[width, width]`. */
function copyCorner(
  { matrix, size }: TriangleAt,
  first: number,
  width: number,
  corner: Float64Array,
  direction: "from" | "to",
): void {
  if (direction === "from") corner.fill(0);
  for (let row = 0; row < width; row++) {
    const start = triangleRow(first + row, size) + first;
    for (let column = row; column < width; column++) {
      const place = column * width + row;
      if (direction === "from") corner[place] = matrix[start + column];
      else matrix[start + column] = corner[place];
    }
  }
}

/** The factor of a panel's part on the diagonal, in the lower triangle of `corner`: transposed. */
function factorCorner(
  corner: Float64Array,
  width: number,
): BadPivot | undefined {
  for (let k = width - 1; k >= 0; k--) {
    const own = corner.subarray(k * width, (k + 1) * width);
    const pivot = own[k];
    if (!(pivot > 0)) return { column: k, pivot };
    const root = own[k] = Math.sqrt(pivot);
    for (let i = 0; i < k; i++) own[i] /= root;
    for (let row = 0; row < k; row++) {
      const factor = own[row];
      for (let i = 0; i <= row; i++) corner[row * width + i] -= factor * own[i];
    }
  }
}

/** The inverse of a panel's part on the diagonal, `copy` being the rows of the panel from the diagonal on. */
function invertCorner(
  { matrix, size }: TriangleAt,
  first: number,
  width: number,
  copy: Float64Array,
): void {
  const stride = size - first;
  for (let row = width - 1; row >= 0; row--) {
    const own = triangleRow(first + row, size) + first;
    for (let k = width - 1; k > row; k--) {
      const factor = copy[row * stride + k];
      const below = triangleRow(first + k, size) + first;
      for (let i = k; i < width; i++) matrix[own + i] -= factor * matrix[below + i];
    }
    const diagonal = copy[row * stride + row];
    matrix[own + row] = 1;
    for (let i = row; i < width; i++) matrix[own + i] /= diagonal;
  }
}
