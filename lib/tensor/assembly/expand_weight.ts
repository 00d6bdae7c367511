// Codes of an integer weight as the signed bytes that a native library multiplies.

import { Block, Chain, IntegerWeight, lowHalves, STEP_BYTES } from "./integer_weight";

/** Which codes bytes hold: one of eight bits, or those of four bits in their lower or upper halves. */
const enum Codes {
  Whole,
  Low,
  High,
}

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
 * @param block The first of the blocks, and its first chain.
 * @param panel Of the weight.
 * @returns The chain behind the blocks.
 */
export function expandPanel(
  target: usize,
  columns: i32,
  column: i32,
  block: usize,
  chain: usize,
  first: i32,
  count: i32,
  weight: IntegerWeight,
  panels: bool,
  panel: i32,
): usize {
  const panelBytes = weight.panelBytes, narrow = weight.bits == 4;
  const packed = weight.codes() + <usize> panel * panelBytes;
  let zero = weight.zero() + <usize> first * weight.paddedRows + (<usize> panel << 3);
  for (let b = 0; b < count; b++, block += 16, zero += weight.paddedRows) {
    const depth = changetype<Block>(block).depth, padded = depth + 63 & -64;
    const zeros = v128.load64_zero(zero);
    let to = target;
    if (panels) to += <usize> (column >> 6) * (<usize> padded << 6) + (<usize> (column & 63) << 2);
    else to += <usize> column * depth;
    for (let c = changetype<Block>(block).chains; c > 0; c--, chain += 16) {
      const part = changetype<Chain>(chain), steps = part.steps, from = packed + part.weight;
      if (!narrow) {
        const middle = i8x16.splat(-128);
        to = expandSteps(Codes.Whole, panels, to, depth, from, steps, middle, middle, middle);
        continue;
      }
      const factor = i16x8.splat(<i16> part.factor), less = i16x8.mul(zeros, factor);
      const left = i8x16.shuffle(less, less, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3);
      const right = i8x16.shuffle(less, less, 4, 4, 4, 4, 5, 5, 5, 5, 6, 6, 6, 6, 7, 7, 7, 7);
      // Of a chain across the middle of a panel the first steps are lower halves, the others upper ones.
      const low = min(steps, max(0, (panelBytes - part.weight) / <i32> STEP_BYTES));
      to = expandSteps(Codes.Low, panels, to, depth, from, low, factor, left, right);
      const upper = from + <usize> low * STEP_BYTES - panelBytes;
      to = expandSteps(Codes.High, panels, to, depth, upper, steps - low, factor, left, right);
    }
    target += <usize> (panels ? padded : depth) * columns;
  }
  return chain;
}

/** 16 codes, those of four bits times a factor, which no byte is too small for. */
// @ts-ignore: decorator
@inline
function load(codes: Codes, from: usize, mask: v128, factor: v128): v128 {
  const bytes = v128.load(from);
  if (codes == Codes.Whole) return bytes;
  return i16x8.mul(v128.and(codes == Codes.High ? i16x8.shr_u(bytes, 4) : bytes, mask), factor);
}

/** Expands some steps, less what is given for each of their bytes; returns the target behind them. */
// @ts-ignore: decorator
@inline
function expandSteps(
  codes: Codes,
  panels: bool,
  to: usize,
  depth: i32,
  from: usize,
  steps: i32,
  factor: v128,
  left: v128,
  right: v128,
): usize {
  const mask = lowHalves(), end = from + <usize> steps * STEP_BYTES;
  if (panels) {
    for (; from < end; from += STEP_BYTES, to += 256) {
      v128.store(to, i8x16.sub(load(codes, from, mask, factor), left));
      v128.store(to, i8x16.sub(load(codes, from + 16, mask, factor), right), 16);
    }
    return to;
  }
  for (; from < end; from += STEP_BYTES, to += 4) {
    storeLanes(to, depth, i8x16.sub(load(codes, from, mask, factor), left));
    storeLanes(to + 4 * depth, depth, i8x16.sub(load(codes, from + 16, mask, factor), right));
  }
  return to;
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
