import type { Step } from "../core/mod.ts";
import { AgileBackend } from "./agile.ts";
import { split } from "./split.ts";
import { tf } from "./tf.ts";
import {
  addressOf,
  type BadPivot,
  inverseFactor,
  type Numbers,
  strideBehind,
  takeNumbers,
} from "./wide_factor.ts";

/** Rows that a call takes on at least. */
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
  take(length: number): Numbers {
    return takeNumbers(this.backend, length);
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
  ): BadPivot | undefined {
    return inverseFactor(this.backend, { matrix, size }, onStep);
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
    const parts = split(rows, grain, this.backend.simd.callsAtMost);
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
      this.backend.run(
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
    this.backend.run(
      "subtractProduct",
      split(rows, grain, this.backend.simd.callsAtMost).map(([row, count]) => [
        ...[count, right - left, end - first],
        ...[matrix.byteOffset + 8 * (row * columns + left), 8 * columns, 0],
        ...[errors.byteOffset + 8 * row * errorStride, 8 * errorStride, 0, 8],
        ...[addressOf(factor, first, left), ...strideBehind(factor, first)],
        ...[0, 0],
      ]),
    );
  }
}
