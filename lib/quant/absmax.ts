import { require } from "../core/mod.ts";
import { requireBits, requireFinite, requireLayout } from "./checks.ts";
import { roundHalfEven } from "./rounding.ts";

/** The least magnitude that a row is taken to reach (SmoothQuant, fake_quant.py). */
const absmaxFloor = Math.fround(1e-5);

/** Symmetric codes of rows, each with a step of its own: `code * scale`. */
export interface AbsmaxQuantized {
  /** `[rows, columns]`, -(2^(bits-1)-1)..2^(bits-1)-1. */
  codes: Int8Array;
  /** `[rows]` */
  scale: Float32Array;
}

/** The step with which the largest magnitude is the highest code, in float32: from 1e-5 up. */
export function absmaxStep(largest: number, bits: number): number {
  return Math.fround(Math.max(largest, absmaxFloor) / (2 ** (bits - 1) - 1));
}

/**
 * Rounds each row, a token or an output of a weight, to whole multiples of its own step, ties to even:
 * its largest `|x|` is the highest code (dynamic symmetric quantization, float32 arithmetic).
 *
 * @param x `[rows, columns]`.
 * @param bits 2..8.
 * @param name What errors call the tensor.
 * @throws {InputError} If `x` is empty, not finite or no whole number of rows, or the bits are not 2..8.
 */
export function quantizeAbsmax(
  x: Float32Array,
  columns: number,
  bits: number,
  name = "tensor",
): AbsmaxQuantized {
  requireBits(bits, name);
  require(x.length > 0, `quantize ${name}`, "it must hold at least one element", x.length);
  requireLayout(x.length, { channels: columns, inner: 1 }, name);
  requireFinite(x, name);
  const codes = new Int8Array(x.length);
  const scale = new Float32Array(x.length / columns);
  for (let row = 0, start = 0; row < scale.length; row++, start += columns) {
    const end = start + columns;
    let largest = 0;
    for (let i = start; i < end; i++) largest = Math.max(largest, Math.abs(x[i]));
    const step = absmaxStep(largest, bits);
    for (let i = start; i < end; i++) codes[i] = roundHalfEven(Math.fround(x[i] / step));
    scale[row] = step;
  }
  return { codes, scale };
}

/** `code * scale` in float32, `[rows, columns]`. */
export function dequantizeAbsmax({ codes, scale }: AbsmaxQuantized): Float32Array {
  const columns = codes.length / scale.length;
  const x = new Float32Array(codes.length);
  for (let row = 0, start = 0; row < scale.length; row++, start += columns) {
    const step = scale[row];
    for (let i = start; i < start + columns; i++) x[i] = codes[i] * step;
  }
  return x;
}
