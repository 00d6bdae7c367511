import { counted, require } from "../../core/mod.ts";
import type { AgileKernel, KernelCall } from "../agile.ts";
import { split } from "../split.ts";
import { tf } from "../tf.ts";
import { fused, runKernel } from "./fused.ts";

/** Cosines and sines of rotary position embeddings, each [rows, headDim / 2] row-major. */
export interface RotaryTable {
  cos: Float32Array;
  sin: Float32Array;
}

/**
 * Cosines and sines of the angles of RoPE, position times frequency, all of them times `magnitude`.
 *
 * @param positions The position of each row.
 * @param frequencies `[headDim / 2]`; without scaling theta^(-2 i / headDim).
 * @returns Not to be written to: it is given again where the same is asked for next.
 */
export function rotaryTable(
  positions: Int32Array | readonly number[],
  frequencies: readonly number[],
  magnitude = 1,
): RotaryTable {
  const same = latest && latest.magnitude === magnitude &&
    areEqual(latest.frequencies, frequencies) && areEqual(latest.positions, positions);
  if (!same) {
    const table = tabulateAngles(positions, frequencies, magnitude);
    latest = { positions: Int32Array.from(positions), frequencies, magnitude, table };
  }
  return latest!.table;
}

/** The table asked for last: every block of a forward pass asks for the same. */
let latest:
  | {
    positions: Int32Array;
    frequencies: readonly number[];
    magnitude: number;
    table: RotaryTable;
  }
  | undefined;

function areEqual(left: ArrayLike<number>, right: ArrayLike<number>): boolean {
  if (left.length !== right.length) return false;
  for (let i = 0; i < left.length; i++) if (left[i] !== right[i]) return false;
  return true;
}

function tabulateAngles(
  positions: Int32Array | readonly number[],
  frequencies: readonly number[],
  magnitude: number,
): RotaryTable {
  const half = frequencies.length;
  const tabulate = (f: (angle: number) => number) => {
    const table = new Float32Array(positions.length * half);
    for (let row = 0; row < positions.length; row++) {
      for (let i = 0; i < half; i++) {
        table[row * half + i] = magnitude * f(positions[row] * frequencies[i]);
      }
    }
    return table;
  };
  return { cos: tabulate(Math.cos), sin: tabulate(Math.sin) };
}

/**
 * RoPE in the half-split layout of LLaMA: within each head, elements i and i + headDim / 2 are
 * rotated by the row's angle i.
 *
 * @param x [rows, heads * headDim]
 * @param table A table for these rows, of {@linkcode rotaryTable}.
 * @returns The shape of x.
 * @throws {InputError} If the shapes do not fit.
 */
export function rotary(x: tf.Tensor2D, table: RotaryTable, headDim: number): tf.Tensor2D {
  const action = "rotate positions";
  requireEven(headDim);
  const [rows, channels] = x.shape;
  const half = headDim / 2;
  require(
    x.rank === 2 && channels % headDim === 0,
    action,
    `x must be [rows, heads * ${headDim}]`,
    x.shape,
  );
  require(
    table.cos.length === rows * half && table.sin.length === rows * half,
    action,
    `the table must have ${counted(rows, "row")} of ${half}`,
    [table.cos.length, table.sin.length],
  );
  return fused("Rotary", { x }, { ...table, headDim, direction: 1 }, () => {
    const [cos, sin] = [table.cos, table.sin].map((part) => tf.tensor3d(part, [rows, 1, half]));
    const [left, right] = tf.split(tf.reshape(x, [rows, channels / headDim, headDim]), 2, 2);
    const rotated = tf.concat([
      tf.sub(tf.mul(left, cos), tf.mul(right, sin)),
      tf.add(tf.mul(right, cos), tf.mul(left, sin)),
    ], 2);
    return tf.reshape(rotated, [rows, channels]);
  });
}

function requireEven(headDim: number): void {
  require(
    Number.isInteger(headDim) && headDim > 0 && headDim % 2 === 0,
    "rotate positions",
    "headDim must be a positive even number",
    headDim,
  );
}

/** Elements that one call rotates at least. */
const callLength = 8192;

function computeRotary({ inputs: { x }, attrs, backend }: KernelCall) {
  const { cos, sin, headDim, direction } = attrs as RotaryTable & {
    headDim: number;
    direction: 1 | -1;
  };
  const half = headDim / 2;
  const [rows, channels] = x.shape;
  const source = backend.addressOf(x);
  const { tensor, address } = backend.output(x.shape);
  backend.scratch([cos.byteLength, sin.byteLength], (...tables) => {
    [cos, sin].forEach((part, index) =>
      backend.view(Float32Array, tables[index], part.length).set(part)
    );
    const parts = split(rows, Math.ceil(callLength / channels), backend.simd.callsAtMost);
    backend.run(
      "rotateRows",
      parts.map(([first, count]) => {
        const at = 4 * first * channels;
        const angles = tables.map((table) => table + 4 * first * half);
        return [count, channels / headDim, half, address + at, source + at, ...angles, direction];
      }),
    );
  });
  return tensor;
}

/** The kernel behind {@linkcode rotary}; its gradient is the rotation back. */
export const rotaryKernels: AgileKernel[] = [
  {
    name: "Rotary",
    compute: computeRotary,
    gradient: {
      gradFunc: (dy, _saved, attributes) => ({
        x: () => runKernel("Rotary", { x: dy as tf.Tensor }, { ...attributes, direction: -1 }),
      }),
    },
  },
];
