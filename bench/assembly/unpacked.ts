// INT4 without packing: a byte for each code, relaxed SIMD's dot products of pairs in sums of 16 bits.

/** Depth at which sums of products of at most 120 in magnitude are still within 16 bits. */
const SAFE_DEPTH: i32 = 256;

/** Adds pairs of adjacent 16-bit lanes to the sums of 4 columns. */
// @ts-ignore: decorator
@inline
function spill(c: usize, left: v128, right: v128): void {
  v128.store(c, i32x4.add(v128.load(c), i32x4.extadd_pairwise_i16x8_s(left)));
  v128.store(c, i32x4.add(v128.load(c, 16), i32x4.extadd_pairwise_i16x8_s(right)), 16);
}

/**
 * C += A B.
 *
 * @param a Bytes 0..15 `[rows, depth / 4, 4, 4]`.
 * @param b Signed bytes -8..7 `[columns, depth / 4, 8, 4]`.
 * @param c 32-bit integers `[4 rows, 8 columns]`.
 */
export function int4Relaxed(a: usize, b: usize, c: usize, rows: i32, columns: i32, depth: i32): void {
  const stride = <usize> columns << 5;
  const zero = i16x8.splat(0);
  for (let column = 0; column < columns; column++) {
    for (let row = 0; row < rows; row++) {
      let left = a + <usize> row * depth * 4;
      let right = b + <usize> column * depth * 8;
      const sums = c + <usize> row * 4 * stride + (<usize> column << 5);
      for (let first = 0; first < depth; first += SAFE_DEPTH) {
        let s00 = zero, s10 = zero, s20 = zero, s30 = zero;
        let s01 = zero, s11 = zero, s21 = zero, s31 = zero;
        const end = left + <usize> min(SAFE_DEPTH, depth - first) * 4;
        for (; left < end; left += 16, right += 32) {
          const low = v128.load(right), high = v128.load(right, 16);
          const x = v128.load(left);
          let lane = v128.shuffle<u32>(x, x, 0, 0, 0, 0);
          s00 = i16x8.add(s00, i16x8.relaxed_dot_i8x16_i7x16_s(low, lane));
          s01 = i16x8.add(s01, i16x8.relaxed_dot_i8x16_i7x16_s(high, lane));
          lane = v128.shuffle<u32>(x, x, 1, 1, 1, 1);
          s10 = i16x8.add(s10, i16x8.relaxed_dot_i8x16_i7x16_s(low, lane));
          s11 = i16x8.add(s11, i16x8.relaxed_dot_i8x16_i7x16_s(high, lane));
          lane = v128.shuffle<u32>(x, x, 2, 2, 2, 2);
          s20 = i16x8.add(s20, i16x8.relaxed_dot_i8x16_i7x16_s(low, lane));
          s21 = i16x8.add(s21, i16x8.relaxed_dot_i8x16_i7x16_s(high, lane));
          lane = v128.shuffle<u32>(x, x, 3, 3, 3, 3);
          s30 = i16x8.add(s30, i16x8.relaxed_dot_i8x16_i7x16_s(low, lane));
          s31 = i16x8.add(s31, i16x8.relaxed_dot_i8x16_i7x16_s(high, lane));
        }
        spill(sums, s00, s01);
        spill(sums + stride, s10, s11);
        spill(sums + 2 * stride, s20, s21);
        spill(sums + 3 * stride, s30, s31);
      }
    }
  }
}
