// Sums of products of one row of activations with 4-bit codes of two panels. A byte is read once: its low code
// is of a place in the first half of the panel, its high code of one in the second.

import { addPairs } from "./integer_tile";
import { Block, Chain, IntegerWeight, lowHalves, STEP_BYTES } from "./integer_weight";

/** Steps whose low codes are of one {@link Chain}, and whose high codes are of one. */
// @ts-ignore: decorator
@unmanaged
class Segment {
  /** Where its bytes are, from the start of a panel. */
  weight: i32;
  /** 1..8. */
  steps: i32;
  /** Where the sums of the low codes' block are, and the factor of their products. */
  sums: i32;
  factor: i32;
  /** The same of the high codes. */
  highSums: i32;
  highFactor: i32;
}

const SEGMENT_BYTES: usize = 24;

/** Bytes of the sums of a block, 32-bit integers: of eight rows of each panel. */
export const BLOCK_SUMS: i32 = 64;

/** Bytes of activations of four rows from one step to the next. */
const QUADS: usize = 16;

/** The chain, from this one on, that has the step at a place of an unpacked panel. */
function chainAt(chain: usize, at: i32): usize {
  while (stepsFrom(chain, at) <= 0) chain += 16;
  return chain;
}

/** Steps of a chain from a place on. */
// @ts-ignore: decorator
@inline
function stepsFrom(chain: usize, at: i32): i32 {
  return changetype<Chain>(chain).steps - (at - changetype<Chain>(chain).weight) / <i32> STEP_BYTES;
}

/** The block, from this one on, that a chain is of. */
function blockOf(block: usize, chain: usize): usize {
  const place = changetype<Chain>(chain).activation;
  while (changetype<Block>(block).place + changetype<Block>(block).depth <= place) block += 16;
  return block;
}

/**
 * Finds the segments of a weight's panels, at most as many as chains and one more.
 *
 * @returns The end of their table.
 */
export function findSegments(table: usize, weight: IntegerWeight): usize {
  const panelBytes = weight.panelBytes, blocks = weight.block();
  let low = weight.chain(), high = low, lowBlock = blocks, highBlock = blocks;
  for (let at = 0; at < panelBytes; table += SEGMENT_BYTES) {
    low = chainAt(low, at);
    high = chainAt(high, at + panelBytes);
    lowBlock = blockOf(lowBlock, low);
    highBlock = blockOf(highBlock, high);
    const segment = changetype<Segment>(table);
    const left = min(stepsFrom(high, at + panelBytes), (panelBytes - at) / <i32> STEP_BYTES);
    segment.weight = at;
    segment.steps = min(stepsFrom(low, at), left);
    segment.sums = <i32> (lowBlock - blocks) / 16 * BLOCK_SUMS;
    segment.factor = changetype<Chain>(low).factor;
    segment.highSums = <i32> (highBlock - blocks) / 16 * BLOCK_SUMS;
    segment.highFactor = changetype<Chain>(high).factor;
    at += segment.steps * <i32> STEP_BYTES;
  }
  return table;
}

/** Adds 16-bit sums of pairs, times their factor, to four sums. */
// @ts-ignore: decorator
@inline
function flush(sums: usize, pairs: v128, factor: v128): void {
  v128.store(sums, i32x4.add(v128.load(sums), i32x4.dot_i16x8_s(pairs, factor)));
}

/**
 * Writes the sums of all blocks of a row for two panels.
 *
 * @param sums 32-bit integers [blocks, 16].
 * @param x Signed bytes of a row, as `integerLinear` has four.
 * @param segments As `end`: the table of {@link findSegments}.
 */
export function sumHalfBytes(
  sums: usize,
  x: usize,
  panel: usize,
  panel2: usize,
  segments: usize,
  end: usize,
  weight: IntegerWeight,
): void {
  memory.fill(sums, 0, weight.blocks * BLOCK_SUMS);
  const mask = lowHalves(), nothing = i32x4.splat(0);
  const apart = panel2 - panel, half = <usize> weight.panelBytes >> 1;
  for (; segments < end; segments += SEGMENT_BYTES) {
    const segment = changetype<Segment>(segments), start = <usize> segment.weight;
    let w = panel + start, w2 = w + apart, from = x + (start >> 1), from2 = from + half;
    let c0 = nothing, c1 = nothing, c2 = nothing, c3 = nothing;
    let d0 = nothing, d1 = nothing, d2 = nothing, d3 = nothing;
    for (const last = w + <usize> segment.steps * STEP_BYTES; w < last;) {
      const four = v128.load32_splat(from), high = v128.load32_splat(from2);
      let codes = v128.load(w);
      c0 = addPairs(c0, four, v128.and(codes, mask));
      d0 = addPairs(d0, high, v128.and(i16x8.shr_u(codes, 4), mask));
      codes = v128.load(w, 16);
      c1 = addPairs(c1, four, v128.and(codes, mask));
      d1 = addPairs(d1, high, v128.and(i16x8.shr_u(codes, 4), mask));
      codes = v128.load(w2);
      c2 = addPairs(c2, four, v128.and(codes, mask));
      d2 = addPairs(d2, high, v128.and(i16x8.shr_u(codes, 4), mask));
      codes = v128.load(w2, 16);
      c3 = addPairs(c3, four, v128.and(codes, mask));
      d3 = addPairs(d3, high, v128.and(i16x8.shr_u(codes, 4), mask));
      w += STEP_BYTES;
      w2 += STEP_BYTES;
      from += QUADS;
      from2 += QUADS;
    }
    let to = sums + segment.sums, factor = i16x8.splat(<i16> segment.factor);
    flush(to, c0, factor);
    flush(to + 16, c1, factor);
    flush(to + 32, c2, factor);
    flush(to + 48, c3, factor);
    to = sums + segment.highSums;
    factor = i16x8.splat(<i16> segment.highFactor);
    flush(to, d0, factor);
    flush(to + 16, d1, factor);
    flush(to + 32, d2, factor);
    flush(to + 48, d3, factor);
  }
}
