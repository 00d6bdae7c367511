// The search for TRIP's powers (eq. 8), with the bits of lib/quant. Each channel meets its tokens one after
// the other, so that neither the division into calls nor the blocks change a bit.

import { firstLanes } from "./vector";
import { workspace } from "./workspace";

/** Rows whose ratios wait in the workspace: 2 KiB of the first-level cache. */
const BLOCK_ROWS: i32 = 128;

/** Adds what is in the first `count` lanes; all for `count` >= 2. */
// @ts-ignore: decorator
@inline
function storeSums(target: usize, sums: v128, count: i32): void {
  if (count >= 2) v128.store(target, sums);
  else if (count == 1) v128.store64_lane(target, sums, 0);
}

/**
 * sums[power, j] += the squared errors of column j after quantization with a step of `2^power finest`.
 *
 * @param stride Bytes from one row to the next.
 * @param sums 64-bit floats, `sumStride` bytes from one power to the next; `powers` of them.
 * @param shift As `low` and `high`: those of a uniform grid.
 * @param flag Set to 1 if x holds NaN or infinity, else to 0.
 */
export function addTripErrors(
  rows: i32,
  columns: i32,
  stride: i32,
  x: usize,
  sums: usize,
  sumStride: i32,
  powers: i32,
  finest: f32,
  shift: f32,
  low: f32,
  high: f32,
  flag: usize,
): void {
  const scales = f32x4.splat(finest), shifts = f32x4.splat(shift);
  const lows = f32x4.splat(low), highs = f32x4.splat(high);
  let strange = f32x4.splat(0);
  for (let first = 0; first < rows; first += BLOCK_ROWS) {
    const count = min(rows - first, BLOCK_ROWS);
    const end = workspace + (<usize> count << 5);
    for (let j = 0; j < columns; j += 4) {
      const mask = firstLanes(columns - j);
      let from = x + (<usize> j << 2);
      for (let at = workspace; at < end; at += 32, from += <usize> stride) {
        const value = v128.and(v128.load(from), mask);
        strange = v128.or(strange, f32x4.sub(value, value));
        v128.store(at, value);
        v128.store(at, f32x4.div(value, scales), 16);
      }
      let sum = sums + (<usize> j << 3), power: f32 = 1;
      for (let p = 0; p < powers; p++, power *= 2, sum += <usize> sumStride) {
        const halvings = f32x4.splat(1 / power), step = f32x4.splat(power * finest);
        let even = v128.load(sum), odd = v128.load(sum, 16);
        for (let at = workspace; at < end; at += 32) {
          const shifted = f32x4.add(f32x4.mul(v128.load(at, 16), halvings), shifts);
          const clipped = f32x4.pmax(lows, f32x4.pmin(highs, shifted));
          const steps = f32x4.sub(f32x4.nearest(clipped), shifts);
          const error = f32x4.sub(v128.load(at), f32x4.mul(steps, step));
          const left = f64x2.promote_low_f32x4(error);
          const right = f64x2.promote_low_f32x4(v128.shuffle<f64>(error, error, 1, 1));
          even = f64x2.add(even, f64x2.mul(left, left));
          odd = f64x2.add(odd, f64x2.mul(right, right));
        }
        storeSums(sum, even, columns - j);
        storeSums(sum + 16, odd, columns - j - 2);
      }
    }
    x += <usize> (count * stride);
  }
  store<i32>(flag, v128.any_true(strange));
}
