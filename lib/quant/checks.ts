import { counted, refuse, require } from "../core/mod.ts";

/** The smallest scale, 2^-23: what constant or all-zero input gets instead of 0. */
export const SCALE_FLOOR = 2 ** -23;

const EXPONENT = 0x7f800000;

/** Refuses a bit width that is not an integer in 2..8. */
export function requireBits(bits: number, name: string): void {
  require(
    Number.isInteger(bits) && bits >= 2 && bits <= 8,
    `quantize ${name}`,
    "bits must be an integer in 2..8",
    bits,
  );
}

/** Refuses a setting that is not one of these values, of plain data that no compiler has seen. */
export function requireChoice<Value extends string | boolean>(
  value: Value,
  choices: readonly Value[],
  setting: string,
  name: string,
): void {
  const rule = `${setting} must be ${choices.join(" or ")}`;
  require(choices.includes(value), `quantize ${name}`, rule, value ?? null);
}

/**
 * Refuses NaN and infinity: a range computed from them would be meaningless.
 *
 * @param first The number by which errors know the first element.
 */
export function requireFinite(x: Float32Array, name: string, first = 0): void {
  const bits = new Int32Array(x.buffer, x.byteOffset, x.length);
  for (let i = 0; i < bits.length; i++) {
    if ((bits[i] & EXPONENT) === EXPONENT) {
      refuse(`quantize ${name}`, `element ${first + i} must be finite`, x[i]);
    }
  }
}

/**
 * Refuses a grid whose scale lies beyond its type, or its outermost value, so many steps from zero, beyond
 * float32: finite values of a wide range would come back as infinity or NaN.
 *
 * @param range What the grid was made for: its least and greatest value.
 */
export function requireFiniteGrid(
  scale: number,
  steps: number,
  range: [min: number, max: number],
  name: string,
  scaleDtype: "F32" | "F16" = "F32",
): void {
  const fits = Math.fround(scale * steps) < Infinity;
  const type = scaleDtype === "F16" ? "scales of F16" : "float32";
  require(fits, `quantize ${name}`, `the width of its range must fit ${type}`, range);
}

/** Refuses a tensor of `length` elements that is no whole number of channel periods. */
export function requireLayout(
  length: number,
  { channels, inner }: { channels: number; inner: number },
  name: string,
): void {
  const period = `${counted(channels, "channel")} x ${counted(inner, "element")}`;
  const rule = `its length must be a multiple of ${period}`;
  require(Number.isInteger(length / (channels * inner)), `quantize ${name}`, rule, length);
}

/** Refuses a Hessian with NaN or infinity. */
export function requireFiniteHessian(hessian: Float32Array | Float64Array, action: string): void {
  let rest = 0; // NaN once an element is not finite
  for (let i = 0; i < hessian.length; i++) rest += hessian[i] - hessian[i];
  if (rest !== 0) refuse(action, "the Hessian must be finite", hessian.find((h) => !isFinite(h)));
}
