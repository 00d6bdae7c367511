// ggml's K types, as lib/format/k_blocks.ts defines them, to float32: 256 values of each block.

import { bitsOf, halfAt, storeScaled, storeScaledAndMoved } from "./block_values";

/** Bytes of the 16 values that are decoded together. */
const PART_BYTES: usize = 64;

/** An integer in every lane, as float32, times a factor. */
// @ts-ignore: decorator
@inline
function multiple(factor: v128, integer: i32): v128 {
  return f32x4.mul(factor, f32x4.splat(<f32> integer));
}

// @ts-ignore: decorator
@inline
function byteAt(address: usize): i32 {
  return load<u8>(address);
}

/** Where the two-bit codes of a group of 16 begin. */
// @ts-ignore: decorator
@inline
function twoBitPlace(group: i32): usize {
  return 32 * (group >> 3) + 16 * (group & 1);
}

// @ts-ignore: decorator
@inline
function twoBitShift(group: i32): i32 {
  return 2 * (group >> 1 & 3);
}

/** Of 12 bytes that hold eight scales and eight offsets of 6 bits, a scale. */
// @ts-ignore: decorator
@inline
function sixBitScale(address: usize, group: i32): i32 {
  const at = address + group;
  if (group < 4) return byteAt(at) & 63;
  return byteAt(at + 4) & 15 | byteAt(at - 4) >> 6 << 4;
}

/** Of the same bytes, an offset. */
// @ts-ignore: decorator
@inline
function sixBitOffset(address: usize, group: i32): i32 {
  const at = address + group;
  if (group < 4) return byteAt(at + 4) & 63;
  return byteAt(at + 4) >> 4 | byteAt(at) >> 6 << 4;
}

/** Groups of 16: scale * code - offset. */
export function decodeQ2_K(count: i32, target: usize, source: usize): void {
  for (; count > 0; count--, source += 84) {
    const scaleUnit = halfAt(source + 80), offsetUnit = f32x4.neg(halfAt(source + 82));
    for (let group = 0; group < 16; group++, target += PART_BYTES) {
      const byte = byteAt(source + group);
      const codes = v128.load(source + twoBitPlace(group), 16);
      storeScaledAndMoved(
        target,
        bitsOf(codes, twoBitShift(group), 3),
        multiple(scaleUnit, byte & 15),
        multiple(offsetUnit, byte >> 4),
      );
    }
  }
}

/** Groups of 16: scale * (code - 4). */
export function decodeQ3_K(count: i32, target: usize, source: usize): void {
  const zero = i8x16.splat(4);
  for (; count > 0; count--, source += 110) {
    const unit = halfAt(source + 108);
    for (let group = 0; group < 16; group++, target += PART_BYTES) {
      const low = byteAt(source + 96 + (group & 7)) >> (group < 8 ? 0 : 4) & 15;
      const high = byteAt(source + 104 + (group & 3)) >> 2 * (group >> 2) & 3;
      const codes = v128.load(source + twoBitPlace(group), 32);
      const third = bitsOf(v128.load(source + 16 * (group & 1)), group >> 1, 1);
      const code = v128.or(bitsOf(codes, twoBitShift(group), 3), i8x16.shl(third, 2));
      storeScaled(target, i8x16.sub(code, zero), multiple(unit, (low | high << 4) - 32));
    }
  }
}

/** Groups of 32: scale * code - offset. */
export function decodeQ4_K(count: i32, target: usize, source: usize): void {
  for (; count > 0; count--, source += 144) {
    const scaleUnit = halfAt(source), offsetUnit = f32x4.neg(halfAt(source + 2));
    for (let group = 0; group < 8; group++, target += 2 * PART_BYTES) {
      const scale = multiple(scaleUnit, sixBitScale(source + 4, group));
      const offset = multiple(offsetUnit, sixBitOffset(source + 4, group));
      const codes = source + 32 * (group >> 1), shift = 4 * (group & 1);
      const left = bitsOf(v128.load(codes, 16), shift, 15);
      const right = bitsOf(v128.load(codes, 32), shift, 15);
      storeScaledAndMoved(target, left, scale, offset);
      storeScaledAndMoved(target + PART_BYTES, right, scale, offset);
    }
  }
}

/** As Q4_K, with a fifth bit for each code. */
export function decodeQ5_K(count: i32, target: usize, source: usize): void {
  for (; count > 0; count--, source += 176) {
    const scaleUnit = halfAt(source), offsetUnit = f32x4.neg(halfAt(source + 2));
    const fifthLeft = v128.load(source, 16), fifthRight = v128.load(source, 32);
    for (let group = 0; group < 8; group++, target += 2 * PART_BYTES) {
      const scale = multiple(scaleUnit, sixBitScale(source + 4, group));
      const offset = multiple(offsetUnit, sixBitOffset(source + 4, group));
      const codes = source + 32 * (group >> 1), shift = 4 * (group & 1);
      const left = bitsOf(v128.load(codes, 48), shift, 15);
      const right = bitsOf(v128.load(codes, 64), shift, 15);
      const upperLeft = i8x16.shl(bitsOf(fifthLeft, group, 1), 4);
      const upperRight = i8x16.shl(bitsOf(fifthRight, group, 1), 4);
      storeScaledAndMoved(target, v128.or(left, upperLeft), scale, offset);
      storeScaledAndMoved(target + PART_BYTES, v128.or(right, upperRight), scale, offset);
    }
  }
}

/** Groups of 16: scale * (code - 32). */
export function decodeQ6_K(count: i32, target: usize, source: usize): void {
  const zero = i8x16.splat(32);
  for (; count > 0; count--, source += 210) {
    const unit = halfAt(source + 208);
    for (let group = 0; group < 16; group++, target += PART_BYTES) {
      const half = group >> 3, quarter = group >> 1 & 3, side = 16 * (group & 1);
      const low = v128.load(source + 64 * half + 32 * (quarter & 1) + side);
      const high = v128.load(source + 32 * half + side, 128);
      const upper = i8x16.shl(bitsOf(high, 2 * quarter, 3), 4);
      const code = v128.or(bitsOf(low, 4 * (quarter >> 1), 15), upper);
      storeScaled(target, i8x16.sub(code, zero), multiple(unit, load<i8>(source + group, 192)));
    }
  }
}
