import type { Step } from "../core/mod.ts";
import { triangleRow } from "../format/mod.ts";
import { AgileBackend } from "./agile.ts";
import { split } from "./split.ts";
import { tf } from "./tf.ts";

/** Columns, or rows, of a triangle that are computed together: the others are read once for all of them. */
const panelSize = 64;

/** Multiplications of one run of the threads, a fraction of a second. */
const runSize = 2 ** 28;

/** Rows or columns that a call takes on at least. */
const grain = 16;

/**
 * Float64 arithmetic of triangular matrices on the SIMD kernels of `assembly/wide.ts` and all threads, in the
 * memory of the tensors; `undefined` on other backends than `agile`.
 */
export function wideAlgebra(): SimdWideAlgebra | undefined {
  const backend = tf.backend();
  return backend instanceof AgileBackend ? new SimdWideAlgebra(backend) : undefined;
}

/** Works on numbers that it has handed out alone. */
export class SimdWideAlgebra {
  constructor(private readonly backend: AgileBackend) {}

  /**
   * Room for so many numbers, whatever they are, until it is disposed of.
   *
   * @throws {InputError} If the memory is exhausted.
   */
  take(length: number): { readonly values: Float64Array } & Disposable {
    const { arena } = this.backend.simd;
    const address = arena.take(8 * length, () => `${length} numbers of float64`);
    return {
      values: arena.view(Float64Array, address, length),
      [Symbol.dispose]: () => arena.give(address),
    };
  }

  /**
   * Replaces the upper triangle of a symmetric matrix H by that of U, `H^-1 = U^T U`.
   *
   * @param matrix Row after row.
   * @returns The column where a pivot is not positive, if H is not positive definite, with that pivot.
   */
  inverseFactor(
    matrix: Float64Array,
    size: number,
    onStep: Step = () => {},
  ): { column: number; pivot: number } | undefined {
    const triangle = { matrix, size };
    const failure = this.#factor(triangle, (share) => onStep(share / 2));
    if (!failure) this.#invert(triangle, (share) => onStep((1 + share) / 2));
    return failure;
  }

  /**
   * Rounds columns of a matrix to grids, what each loses being made up for by those behind it in the block:
   * `WideAlgebra.roundColumns` of `lib/quant`.
   */
  roundColumns(
    matrix: Float64Array,
    triangle: Float64Array,
    { scale, zeroPoint, groups, groupSize, codeMax }: {
      scale: Float32Array;
      zeroPoint: Uint8Array;
      groups: number;
      groupSize: number;
      codeMax: number;
    },
    into: { codes: Uint8Array; errors: Float64Array; losses: Float64Array },
    { rows, columns, first, end, errorStride }: {
      rows: number;
      columns: number;
      first: number;
      end: number;
      errorStride: number;
    },
  ): void {
    const { arena } = this.backend.simd;
    const factor = { matrix: triangle, size: columns };
    const width = end - first;
    const group = Math.floor(first / groupSize);
    const parts = split(rows, grain, this.#calls);
    const bytes = [
      rows * width,
      4 * scale.length,
      zeroPoint.length,
      8 * rows,
      32 * width * parts.length,
    ];
    arena.scratch(bytes, (codes, scales, zeroPoints, losses, blocks) => {
      arena.view(Float32Array, scales, scale.length).set(scale);
      arena.view(Uint8Array, zeroPoints, zeroPoint.length).set(zeroPoint);
      const found = arena.view(Float64Array, losses, rows);
      found.set(into.losses);
      this.#run(
        "roundColumns",
        parts.map(([row, count], index) => [
          ...[count, width, matrix.byteOffset + 8 * (row * columns + first), 8 * columns],
          ...[addressOf(factor, first, first), strideBehind(factor, first)[0]],
          ...[codes + row * width, into.errors.byteOffset + 8 * row * errorStride, 8 * errorStride],
          ...[scales + 4 * (row * groups + group), zeroPoints + row * groups + group, groups],
          ...[first - group * groupSize, groupSize, codeMax, losses + 8 * row],
          blocks + 32 * width * index,
        ]),
      );
      into.losses.set(found);
      for (let row = 0; row < rows; row++) {
        const own = arena.view(Uint8Array, codes + row * width, width);
        into.codes.set(own, row * columns + first);
      }
    });
  }

  /** Subtracts `errors . triangle[first..end]` from columns `left` to `right` of a matrix. */
  subtractProduct(
    matrix: Float64Array,
    errors: Float64Array,
    triangle: Float64Array,
    { rows, columns, left, right, first, end, errorStride }: {
      rows: number;
      columns: number;
      left: number;
      right: number;
      first: number;
      end: number;
      errorStride: number;
    },
  ): void {
    const factor = { matrix: triangle, size: columns };
    this.#run(
      "subtractProduct",
      split(rows, grain, this.#calls).map(([row, count]) => [
        ...[count, right - left, end - first],
        ...[matrix.byteOffset + 8 * (row * columns + left), 8 * columns, 0],
        ...[errors.byteOffset + 8 * row * errorStride, 8 * errorStride, 0, 8],
        ...[addressOf(factor, first, left), ...strideBehind(factor, first)],
        ...[0, 0],
      ]),
    );
  }

  /** H = R R^T with R upper triangular, in the place of H; panels of columns from the last one on. */
  #factor(triangle: TriangleAt, onStep: Step): { column: number; pivot: number } | undefined {
    const { size } = triangle;
    using corner = this.take(panelSize ** 2);
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
      this.#run("subtractProduct", [behind(first, width, own)]);
      const failure = factorCorner(corner.values, width);
      if (failure) return { ...failure, column: first + failure.column };
      copyCorner(triangle, first, width, corner.values, "to");
      const together = Math.ceil(runSize / width / Math.max(1, size - end));
      for (let top = 0; top < first; top += together) {
        onStep((size - end) / size);
        const parts = split(Math.min(together, first - top), grain, this.#calls)
          .map(([row, count]) => ({
            ...{ row: top + row, count },
            c: [addressOf(triangle, top + row, first), ...strideBehind(triangle, top + row)],
          }));
        this.#run("subtractProduct", parts.map(({ row, count, c }) => behind(row, count, c)));
        this.#run("solveRows", parts.map(({ count, c }) => [count, width, ...c, own[0]]));
      }
    }
  }

  /** U = R^-1 in the place of R; panels of rows from the last one on. */
  #invert(triangle: TriangleAt, onStep: Step): void {
    const { matrix, size } = triangle;
    using copy = this.take(Math.min(panelSize, size) * size);
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
        const parts = split(count, grain, this.#calls)
          .map(([column, columns]) => ({ column: left + column, columns }));
        this.#run(
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
        this.#run(
          "solveColumns",
          parts.map(({ column, columns }) => [width, columns, ...c(column), ...r]),
        );
        left += count;
      }
    }
  }

  get #calls(): number {
    return this.backend.simd.callsAtMost;
  }

  #run(kernel: string, calls: readonly (readonly number[])[]): void {
    this.backend.run(kernel, calls);
  }
}

/** An upper triangle, row after row, in the memory of the tensors. */
interface TriangleAt {
  matrix: Float64Array;
  size: number;
}

function addressOf({ matrix, size }: TriangleAt, row: number, column: number): number {
  return matrix.byteOffset + 8 * (triangleRow(row, size) + column);
}

/** Bytes from a row to the one behind it, and by how much the next such step is less. */
function strideBehind({ size }: TriangleAt, row: number): [stride: number, shrink: number] {
  return [8 * (size - row - 1), 8];
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
): ReturnType<SimdWideAlgebra["inverseFactor"]> {
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
