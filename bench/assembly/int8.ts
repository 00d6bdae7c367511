// int8 by extended multiplications and pairwise additions: SIMD without dot products.

// @ts-ignore: decorator
@inline
function addTo(c: usize, sum: v128): void {
  v128.store(c, i32x4.add(v128.load(c), sum));
}

/** Sums of adjacent lanes of both vectors. */
// @ts-ignore: decorator
@inline
function addPairs(low: v128, high: v128): v128 {
  return i32x4.add(
    v128.shuffle<u32>(low, high, 0, 2, 4, 6),
    v128.shuffle<u32>(low, high, 1, 3, 5, 7),
  );
}

// @ts-ignore: decorator
@inline
function lowSums(a: v128, b: v128): v128 {
  return i32x4.extadd_pairwise_i16x8_s(i16x8.extmul_low_i8x16_s(a, b));
}

// @ts-ignore: decorator
@inline
function highSums(a: v128, b: v128): v128 {
  return i32x4.extadd_pairwise_i16x8_s(i16x8.extmul_high_i8x16_s(a, b));
}

/**
 * C += A B.
 *
 * @param a Signed bytes `[rows, depth / 4, 4, 4]`: panels of 4 rows of activations.
 * @param b Signed bytes `[columns, depth / 4, 4, 4]`: panels of 4 columns of weights.
 * @param c 32-bit integers `[4 rows, 4 columns]`.
 */
export function int8Simd(a: usize, b: usize, c: usize, rows: i32, columns: i32, depth: i32): void {
  const stride = <usize> columns << 4;
  const zero = i32x4.splat(0);
  for (let column = 0; column < columns; column++) {
    for (let row = 0; row < rows; row++) {
      let left = a + <usize> row * depth * 4;
      let right = b + <usize> column * depth * 4;
      let low0 = zero, low1 = zero, low2 = zero, low3 = zero;
      let high0 = zero, high1 = zero, high2 = zero, high3 = zero;
      for (const end = left + <usize> depth * 4; left < end; left += 16, right += 16) {
        const weights = v128.load(right);
        const four = v128.load(left);
        let x = v128.shuffle<u32>(four, four, 0, 0, 0, 0);
        low0 = i32x4.add(low0, lowSums(x, weights));
        high0 = i32x4.add(high0, highSums(x, weights));
        x = v128.shuffle<u32>(four, four, 1, 1, 1, 1);
        low1 = i32x4.add(low1, lowSums(x, weights));
        high1 = i32x4.add(high1, highSums(x, weights));
        x = v128.shuffle<u32>(four, four, 2, 2, 2, 2);
        low2 = i32x4.add(low2, lowSums(x, weights));
        high2 = i32x4.add(high2, highSums(x, weights));
        x = v128.shuffle<u32>(four, four, 3, 3, 3, 3);
        low3 = i32x4.add(low3, lowSums(x, weights));
        high3 = i32x4.add(high3, highSums(x, weights));
      }
      const sums = c + <usize> row * 4 * stride + (<usize> column << 4);
      addTo(sums, addPairs(low0, high0));
      addTo(sums + stride, addPairs(low1, high1));
      addTo(sums + 2 * stride, addPairs(low2, high2));
      addTo(sums + 3 * stride, addPairs(low3, high3));
    }
  }
}

