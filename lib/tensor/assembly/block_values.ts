// What the decoders of quantized blocks share.

import { floats16 } from "./decode";

/** The binary16 at an address as float32, in every lane. */
// @ts-ignore: decorator
@inline
export function halfAt(address: usize): v128 {
  return floats16(v128.load16_splat(address));
}

/** Four 16-bit integers, in the low halves of 32-bit lanes, times a scale. */
// @ts-ignore: decorator
@inline
function scaled(codes: v128, scale: v128): v128 {
  return f32x4.mul(f32x4.convert_i32x4_s(codes), scale);
}

/** target[i] = scale * codes[i] of 16 bytes with signs. */
// @ts-ignore: decorator
@inline
export function storeScaled(target: usize, codes: v128, scale: v128): void {
  const low = i16x8.extend_low_i8x16_s(codes), high = i16x8.extend_high_i8x16_s(codes);
  v128.store(target, scaled(i32x4.extend_low_i16x8_s(low), scale));
  v128.store(target, scaled(i32x4.extend_high_i16x8_s(low), scale), 16);
  v128.store(target, scaled(i32x4.extend_low_i16x8_s(high), scale), 32);
  v128.store(target, scaled(i32x4.extend_high_i16x8_s(high), scale), 48);
}

/** target[i] = scale * codes[i] + offset of 16 bytes with signs; the product is exact, the sum rounded. */
// @ts-ignore: decorator
@inline
export function storeScaledAndMoved(target: usize, codes: v128, scale: v128, offset: v128): void {
  const low = i16x8.extend_low_i8x16_s(codes), high = i16x8.extend_high_i8x16_s(codes);
  v128.store(target, f32x4.add(scaled(i32x4.extend_low_i16x8_s(low), scale), offset));
  v128.store(target, f32x4.add(scaled(i32x4.extend_high_i16x8_s(low), scale), offset), 16);
  v128.store(target, f32x4.add(scaled(i32x4.extend_low_i16x8_s(high), scale), offset), 32);
  v128.store(target, f32x4.add(scaled(i32x4.extend_high_i16x8_s(high), scale), offset), 48);
}

/** The bits from `shift` on of each of 16 bytes, as many as the mask has: 1, 3 or 15. */
// @ts-ignore: decorator
@inline
export function bitsOf(bytes: v128, shift: i32, mask: i8): v128 {
  return v128.and(i16x8.shr_u(bytes, shift), i8x16.splat(mask));
}
