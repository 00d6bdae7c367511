// ggml's first types of blocks, as lib/format/legacy_blocks.ts defines them, to float32.

import { halfAt, storeScaled, storeScaledAndMoved } from "./block_values";

const VALUES: usize = 32;
const VALUE_BYTES: usize = 4 * VALUES;

/** The low or the high nibbles of 16 bytes. */
// @ts-ignore: decorator
@inline
function nibbles(bytes: v128, high: bool): v128 {
  return high ? i8x16.shr_u(bytes, 4) : v128.and(bytes, i8x16.splat(15));
}

/** 16 where a bit of 16 from an address on is set. */
// @ts-ignore: decorator
@inline
function fifthBits(address: usize): v128 {
  const both = v128.load16_splat(address);
  const bytes = i8x16.shuffle(both, both, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1);
  const bits = i64x2.splat(0x8040201008040201);
  return v128.and(i8x16.eq(v128.and(bytes, bits), bits), i8x16.splat(16));
}

/** 32 values of each block: scale * (code - 8). */
export function decodeQ4_0(count: i32, target: usize, source: usize): void {
  const zero = i8x16.splat(8);
  for (; count > 0; count--, source += 18, target += VALUE_BYTES) {
    const scale = halfAt(source);
    const codes = v128.load(source, 2);
    storeScaled(target, i8x16.sub(nibbles(codes, false), zero), scale);
    storeScaled(target + 64, i8x16.sub(nibbles(codes, true), zero), scale);
  }
}

/** 32 values of each block: scale * code + least. */
export function decodeQ4_1(count: i32, target: usize, source: usize): void {
  for (; count > 0; count--, source += 20, target += VALUE_BYTES) {
    const scale = halfAt(source), least = halfAt(source + 2);
    const codes = v128.load(source, 4);
    storeScaledAndMoved(target, nibbles(codes, false), scale, least);
    storeScaledAndMoved(target + 64, nibbles(codes, true), scale, least);
  }
}

/** 32 values of each block: scale * (code - 16). */
export function decodeQ5_0(count: i32, target: usize, source: usize): void {
  const zero = i8x16.splat(16);
  for (; count > 0; count--, source += 22, target += VALUE_BYTES) {
    const scale = halfAt(source);
    const codes = v128.load(source, 6);
    const low = v128.or(nibbles(codes, false), fifthBits(source + 2));
    const high = v128.or(nibbles(codes, true), fifthBits(source + 4));
    storeScaled(target, i8x16.sub(low, zero), scale);
    storeScaled(target + 64, i8x16.sub(high, zero), scale);
  }
}

/** 32 values of each block: scale * code + least. */
export function decodeQ5_1(count: i32, target: usize, source: usize): void {
  for (; count > 0; count--, source += 24, target += VALUE_BYTES) {
    const scale = halfAt(source), least = halfAt(source + 2);
    const codes = v128.load(source, 8);
    const low = v128.or(nibbles(codes, false), fifthBits(source + 4));
    const high = v128.or(nibbles(codes, true), fifthBits(source + 6));
    storeScaledAndMoved(target, low, scale, least);
    storeScaledAndMoved(target + 64, high, scale, least);
  }
}

/** 32 values of each block: scale * code. */
export function decodeQ8_0(count: i32, target: usize, source: usize): void {
  for (; count > 0; count--, source += 34, target += VALUE_BYTES) {
    const scale = halfAt(source);
    storeScaled(target, v128.load(source, 2), scale);
    storeScaled(target + 64, v128.load(source, 18), scale);
  }
}
