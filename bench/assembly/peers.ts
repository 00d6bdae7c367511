// Rivals of the lane-packed INT4 product, on the same panels of four rows: C += A B for activations
// `[rowPanels, depth / step, 4, step]` and weights `[columnPanels, depth / step, columns, step]`; C is
// `[4 rowPanels, columns columnPanels]`. int8 takes 4 columns and step 4, int16 4 columns and step 2,
// float32 8 columns and step 1.

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

/** int8 by extended multiplications and pairwise additions: SIMD without relaxation. */
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
        let x = v128.load32_splat(left);
        low0 = i32x4.add(low0, lowSums(x, weights));
        high0 = i32x4.add(high0, highSums(x, weights));
        x = v128.load32_splat(left, 4);
        low1 = i32x4.add(low1, lowSums(x, weights));
        high1 = i32x4.add(high1, highSums(x, weights));
        x = v128.load32_splat(left, 8);
        low2 = i32x4.add(low2, lowSums(x, weights));
        high2 = i32x4.add(high2, highSums(x, weights));
        x = v128.load32_splat(left, 12);
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

/** sum + the products of groups of lanes: four of int8 each, or two of int16. */
// @ts-ignore: decorator
@inline
function multiplyAdd(relaxed: bool, x: v128, weights: v128, sum: v128): v128 {
  return relaxed
    ? i32x4.relaxed_dot_i8x16_i7x16_add_s(x, weights, sum)
    : i32x4.add(sum, i32x4.dot_i16x8_s(x, weights));
}

/** Two panels of columns at a time. */
// @ts-ignore: decorator
@inline
function dotPanels(
  relaxed: bool,
  a: usize,
  b: usize,
  c: usize,
  rows: i32,
  columns: i32,
  panelBytes: i32,
): void {
  const stride = <usize> columns << 4;
  const zero = i32x4.splat(0);
  for (let column = 0; column < columns; column += 2) {
    for (let row = 0; row < rows; row++) {
      let left = a + <usize> row * panelBytes;
      let right = b + <usize> column * panelBytes;
      let c00 = zero, c10 = zero, c20 = zero, c30 = zero;
      let c01 = zero, c11 = zero, c21 = zero, c31 = zero;
      for (const end = left + panelBytes; left < end; left += 16, right += 16) {
        const first = v128.load(right);
        const second = v128.load(right + panelBytes);
        let x = v128.load32_splat(left);
        c00 = multiplyAdd(relaxed, x, first, c00);
        c01 = multiplyAdd(relaxed, x, second, c01);
        x = v128.load32_splat(left, 4);
        c10 = multiplyAdd(relaxed, x, first, c10);
        c11 = multiplyAdd(relaxed, x, second, c11);
        x = v128.load32_splat(left, 8);
        c20 = multiplyAdd(relaxed, x, first, c20);
        c21 = multiplyAdd(relaxed, x, second, c21);
        x = v128.load32_splat(left, 12);
        c30 = multiplyAdd(relaxed, x, first, c30);
        c31 = multiplyAdd(relaxed, x, second, c31);
      }
      const sums = c + <usize> row * 4 * stride + (<usize> column << 4);
      addTo(sums, c00);
      addTo(sums + 16, c01);
      addTo(sums + stride, c10);
      addTo(sums + stride + 16, c11);
      addTo(sums + 2 * stride, c20);
      addTo(sums + 2 * stride + 16, c21);
      addTo(sums + 3 * stride, c30);
      addTo(sums + 3 * stride + 16, c31);
    }
  }
}

/** int8 by relaxed SIMD's dot product; weights must be 0..127, and an even number of panels. */
export function int8Relaxed(a: usize, b: usize, c: usize, rows: i32, columns: i32, depth: i32): void {
  dotPanels(true, a, b, c, rows, columns, depth << 2);
}

/** int16 by the dot product of SIMD without relaxation: int8 widened beforehand. */
export function int16Simd(a: usize, b: usize, c: usize, rows: i32, columns: i32, depth: i32): void {
  dotPanels(false, a, b, c, rows, columns, depth << 3);
}

// @ts-ignore: decorator
@inline
function addFloatsTo(c: usize, left: v128, right: v128): void {
  v128.store(c, f32x4.add(v128.load(c), left));
  v128.store(c, f32x4.add(v128.load(c, 16), right), 16);
}

/** float32 by multiplications and additions: SIMD without relaxation. */
export function float32Simd(a: usize, b: usize, c: usize, rows: i32, columns: i32, depth: i32): void {
  const stride = <usize> columns << 5;
  const zero = f32x4.splat(0);
  for (let column = 0; column < columns; column++) {
    for (let row = 0; row < rows; row++) {
      let left = a + <usize> row * depth * 16;
      let right = b + <usize> column * depth * 32;
      let c00 = zero, c10 = zero, c20 = zero, c30 = zero;
      let c01 = zero, c11 = zero, c21 = zero, c31 = zero;
      for (const end = left + <usize> depth * 16; left < end; left += 16, right += 32) {
        const first = v128.load(right);
        const second = v128.load(right, 16);
        let x = v128.load32_splat(left);
        c00 = f32x4.add(c00, f32x4.mul(x, first));
        c01 = f32x4.add(c01, f32x4.mul(x, second));
        x = v128.load32_splat(left, 4);
        c10 = f32x4.add(c10, f32x4.mul(x, first));
        c11 = f32x4.add(c11, f32x4.mul(x, second));
        x = v128.load32_splat(left, 8);
        c20 = f32x4.add(c20, f32x4.mul(x, first));
        c21 = f32x4.add(c21, f32x4.mul(x, second));
        x = v128.load32_splat(left, 12);
        c30 = f32x4.add(c30, f32x4.mul(x, first));
        c31 = f32x4.add(c31, f32x4.mul(x, second));
      }
      const sums = c + <usize> row * 4 * stride + (<usize> column << 5);
      addFloatsTo(sums, c00, c01);
      addFloatsTo(sums + stride, c10, c11);
      addFloatsTo(sums + 2 * stride, c20, c21);
      addFloatsTo(sums + 3 * stride, c30, c31);
    }
  }
}
