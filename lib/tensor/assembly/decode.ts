// Numbers as they are stored in checkpoints, to float32.

import { storeFirst } from "./vector";

/** What turns the exponent of binary16 into that of float32: 2^(127 - 15). */
const REBIAS: f32 = 5.192296858534828e33;
/** binary16's infinity, its bits at float32's place, and the exponent of float32's. */
const HALF_INFINITY: i32 = 0x0f800000;
const INFINITY_EXPONENT: i32 = 0x7f800000;

/** Four patterns of binary16 in the low halves of 32-bit lanes. Exact for all of them; NaN keeps its payload. */
// @ts-ignore: decorator
@inline
export function floats16(patterns: v128): v128 {
  const sign = i32x4.shl(v128.and(patterns, i32x4.splat(0x8000)), 16);
  const magnitude = i32x4.shl(v128.and(patterns, i32x4.splat(0x7fff)), 13);
  const special = i32x4.ge_s(magnitude, i32x4.splat(HALF_INFINITY));
  const value = f32x4.mul(magnitude, f32x4.splat(REBIAS));
  const raised = v128.or(magnitude, i32x4.splat(INFINITY_EXPONENT));
  return v128.or(v128.bitselect(raised, value, special), sign);
}

/** target[i] = source[i] of binary16. */
export function decodeFloat16(count: i32, target: usize, source: usize): void {
  for (let i = 0; i < count; i += 4, source += 8, target += 16) {
    storeFirst(target, floats16(v128.load16x4_u(source)), count - i);
  }
}

/** target[i] = source[i] of bfloat16. */
export function decodeBfloat16(count: i32, target: usize, source: usize): void {
  for (let i = 0; i < count; i += 4, source += 8, target += 16) {
    storeFirst(target, i32x4.shl(v128.load16x4_u(source), 16), count - i);
  }
}
