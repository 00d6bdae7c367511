// Codes of an integer weight as the signed bytes that a native library multiplies.

import { Block, Chain, IntegerWeight, lowHalves, STEP_BYTES } from "./integer_weight";

/**
 * Some blocks of a panel of eight columns as signed bytes, each block a matrix of its own.
 *
 * 4-bit codes come less their zero points and times the powers of two of their columns, 8-bit codes
 * less 128.
 *
 * @param target Where the matrices begin, `columns` wide. In panels a step of four places is 256 bytes, four of each
 * of 64 columns; a panel of them has so many steps that the depth is a multiple of 64. Otherwise each column
 * lies for itself.
 * @param column The first column of this panel within the matrices.
 * @param unpacked Room for the codes of the blocks, a byte each.
 * @param block The first of the blocks, and its first chain.
 * @param panel Of the weight.
 * @returns The chain behind the blocks.
 */
export function expandPanel(
  target: usize,
  columns: i32,
  column: i32,
  unpacked: usize,
  block: usize,
  chain: usize,
  first: i32,
  count: i32,
  weight: IntegerWeight,
  panels: bool,
  panel: i32,
): usize {
  const packed = weight.codes() + <usize> panel * weight.panelBytes;
  const narrow = weight.bits == 4;
  const start = <usize> changetype<Block>(block).place << 3;
  let codes = packed;
  if (narrow) {
    const last = changetype<Block>(block + (<usize> (count - 1) << 4));
    unpackPart(unpacked, packed, weight.panelBytes, start, <usize> (last.place + last.depth) << 3);
    codes = unpacked - start;
  }
  let zero = weight.zero() + <usize> first * weight.paddedRows + (<usize> panel << 3);
  for (let b = 0; b < count; b++, block += 16, zero += weight.paddedRows) {
    const depth = changetype<Block>(block).depth, padded = depth + 63 & -64;
    const zeros = v128.load64_zero(zero);
    let to = target;
    if (panels) to += <usize> (column >> 6) * (<usize> padded << 6) + (<usize> (column & 63) << 2);
    else to += <usize> column * depth;
    for (let c = changetype<Block>(block).chains; c > 0; c--, chain += 16) {
      const part = changetype<Chain>(chain);
      const shift = ctz(part.factor);
      const less = narrow ? i16x8.shl(zeros, shift) : i8x16.splat(-128);
      const low = narrow ? i8x16.shuffle(less, less, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3) : less;
      const high = narrow ? i8x16.shuffle(less, less, 4, 4, 4, 4, 5, 5, 5, 5, 6, 6, 6, 6, 7, 7, 7, 7) : less;
      let from = codes + part.weight;
      for (let step = part.steps; step > 0; step--, from += STEP_BYTES) {
        const x = i16x8.shl(v128.load(from), shift), y = i16x8.shl(v128.load(from, 16), shift);
        if (panels) {
          v128.store(to, i8x16.sub(x, low));
          v128.store(to, i8x16.sub(y, high), 16);
          to += 256;
        } else {
          storeLanes(to, depth, i8x16.sub(x, low));
          storeLanes(to + 4 * depth, depth, i8x16.sub(y, high));
          to += 4;
        }
      }
    }
    target += <usize> (panels ? padded : depth) * columns;
  }
  return chain;
}

/**
 * Codes of four bits as bytes.
 *
 * @param packed A panel: low halves of its bytes and, behind those, their high halves.
 * @param start As `end`, in bytes of the unpacked panel: multiples of 32.
 */
function unpackPart(target: usize, packed: usize, panelBytes: usize, start: usize, end: usize): void {
  const mask = lowHalves();
  let at = start;
  for (const middle = min(end, panelBytes); at < middle; at += 16, target += 16) {
    v128.store(target, v128.and(v128.load(packed + at), mask));
  }
  for (; at < end; at += 16, target += 16) {
    v128.store(target, v128.and(i16x8.shr_u(v128.load(packed + at - panelBytes), 4), mask));
  }
}

/** Stores 32-bit lanes `stride` bytes apart. */
// @ts-ignore: decorator
@inline
function storeLanes(target: usize, stride: usize, x: v128): void {
  v128.store32_lane(target, x, 0);
  v128.store32_lane(target + stride, x, 1);
  v128.store32_lane(target + 2 * stride, x, 2);
  v128.store32_lane(target + 3 * stride, x, 3);
}
