import { require } from "../../core/mod.ts";
import type { AgileKernel, KernelCall } from "../agile.ts";
import { readsAtOnce, tensorData } from "../data.ts";
import { split } from "../split.ts";
import { tf } from "../tf.ts";
import { runWithFlags } from "./fake_quant.ts";
import { fused } from "./fused.ts";

/** How numbers are rounded to powers of two (eq. 3); `quantizeLog2` says what the profiles mean. */
export interface Log2Rounding {
  /** 2..8. */
  bits: number;
  profile: "paper" | "released";
  /** What magnitude 0 stands for, above 0; 1 in profile `released`. */
  maximum: number;
}

/** A rounding as the kernels know it: to powers of two `maximum * lowest .. maximum`. */
export interface Log2Limits {
  maximum: number;
  lowest: number;
  /** Powers below `maximum * zeroBelow` become exact zero. */
  zeroBelow: number;
}

/** The limits that leave values as they are. */
export const noRounding: Log2Limits = { maximum: 0, lowest: 0, zeroBelow: 0 };

/**
 * The limits of a rounding.
 *
 * @throws {InputError} If the bits are not 2..8, or the maximum is not a float32 above 0.
 */
export function log2Limits({ bits, profile, maximum }: Log2Rounding): Log2Limits {
  const action = "round to powers of two";
  const fits = Number.isInteger(bits) && bits >= 2 && bits <= 8;
  require(fits, action, "bits must be an integer in 2..8", bits);
  const usable = maximum > 0 && maximum < Infinity && maximum === Math.fround(maximum);
  require(usable, action, "maximum must be a float32 above 0", maximum);
  return profile === "paper"
    ? { maximum, lowest: 2 ** (1 - 2 ** (bits - 1)), zeroBelow: 0 }
    : { maximum: 1, lowest: 0, zeroBelow: 2 ** (1 - 2 ** bits) };
}

/**
 * Quantizes to powers of two and back, bit-equal to `fakeQuantizeLog2` of `lib/quant`.
 *
 * @param name What errors call the tensor.
 * @returns The shape of x.
 * @throws {InputError} If a value is NaN, infinite or, in profile `released`, negative; or as
 *   {@linkcode log2Limits}.
 */
export function fakeQuantLog2<T extends tf.Tensor>(x: T, rounding: Log2Rounding, name: string): T {
  const limits = log2Limits(rounding);
  const least = rounding.profile === "released" ? 0 : -Infinity;
  return fused("FakeQuantLog2", { x }, { ...limits, least, name }, () => {
    if (readsAtOnce()) requireLogarithm(tensorData(x), least, name);
    const { maximum, lowest, zeroBelow } = limits;
    const ratio = tf.div(tf.abs(x), maximum);
    const code = tf.round(tf.mul(tf.log(ratio), -Math.LOG2E));
    // The logarithm of float32 errs near the places where rounding turns: exact comparisons decide.
    const half = tf.floor(tf.div(code, 2));
    const rest = tf.sub(code, half);
    const scaled = tf.mul(tf.mul(ratio, tf.pow(2, half)), tf.pow(2, rest));
    const turn = Math.fround(Math.SQRT2);
    const below = tf.cast(tf.greater(scaled, turn), "float32");
    const above = tf.cast(tf.lessEqual(scaled, turn / 2), "float32");
    const power = tf.pow(2, tf.sub(tf.sub(below, above), code));
    const kept = tf.logicalAnd(tf.greaterEqual(power, zeroBelow), tf.greater(ratio, 0));
    const level = tf.mul(tf.clipByValue(power, lowest, 1), maximum);
    return tf.mul(tf.mul(level, tf.sign(x)), tf.cast(kept, "float32")) as T;
  });
}

/** Elements that are worth a thread's while: a multiple of 4, the kernel's step. */
const elementsPerCall = 16384;

/** The kernel behind {@linkcode fakeQuantLog2}. */
export const log2Kernels: AgileKernel[] = [{ name: "FakeQuantLog2", compute }];

function compute({ inputs: { x }, attrs, backend }: KernelCall): tf.TensorInfo {
  const { maximum, lowest, zeroBelow, least, name } = attrs;
  const source = backend.addressOf(x);
  const { tensor, address } = backend.output(x.shape);
  const parts = split(tf.util.sizeFromShape(x.shape), elementsPerCall, backend.simd.callsAtMost);
  const accepted = runWithFlags(
    backend,
    "roundToPowers",
    parts.map(([first, count]) => [
      ...[count, address + 4 * first, source + 4 * first],
      ...[maximum, lowest, zeroBelow, least],
    ]),
  );
  if (!accepted) {
    backend.disposeData(tensor.dataId);
    requireLogarithm(backend.floats(x), least, name);
  }
  return tensor;
}

/** Refuses NaN, infinity and what is below `least`. */
function requireLogarithm(values: Float32Array, least: number, name: string): void {
  const strange = values.find((value) => !(Math.abs(value) < Infinity && value >= least));
  const rule = "values must be finite and, in profile released, >= 0";
  require(strange === undefined, `quantize ${name}`, rule, strange);
}
