// Rivals of the lane-packed INT4 product that differ in one instruction: C += A B for panels of 4 rows of
// activations `[rows, depth / step, 4, step]` and of 2 vectors of weights
// `[columns, depth / step, columns of a vector * 2, step]`. A step is what 32 bits hold: one float, two
// 16-bit integers or four of 8 bits.

/** What is done with a vector of activations, one of weights and one of sums. */
enum Operation {
  MultiplyFloats,
  FuseFloats,
  DotInt16,
  DotInt8,
}

// @ts-ignore: decorator
@inline
function multiplyAdd(operation: Operation, sum: v128, x: v128, weights: v128): v128 {
  switch (operation) {
    case Operation.MultiplyFloats:
      return f32x4.add(sum, f32x4.mul(x, weights));
    case Operation.FuseFloats:
      return f32x4.relaxed_madd(x, weights, sum);
    case Operation.DotInt16:
      return i32x4.add(sum, i32x4.dot_i16x8_s(x, weights));
    default:
      return i32x4.relaxed_dot_i8x16_i7x16_add_s(x, weights, sum);
  }
}

// @ts-ignore: decorator
@inline
function addTo(operation: Operation, c: usize, left: v128, right: v128): void {
  if (operation <= Operation.FuseFloats) {
    v128.store(c, f32x4.add(v128.load(c), left));
    v128.store(c, f32x4.add(v128.load(c, 16), right), 16);
  } else {
    v128.store(c, i32x4.add(v128.load(c), left));
    v128.store(c, i32x4.add(v128.load(c, 16), right), 16);
  }
}

// @ts-ignore: decorator
@inline
function multiply(
  op: Operation,
  a: usize,
  b: usize,
  c: usize,
  rows: i32,
  columns: i32,
  steps: i32,
): void {
  const stride = <usize> columns << 5;
  const zero = i32x4.splat(0);
  for (let column = 0; column < columns; column++) {
    for (let row = 0; row < rows; row++) {
      let left = a + <usize> row * steps * 16;
      let right = b + <usize> column * steps * 32;
      let s00 = zero, s10 = zero, s20 = zero, s30 = zero;
      let s01 = zero, s11 = zero, s21 = zero, s31 = zero;
      for (const end = left + <usize> steps * 16; left < end; left += 16, right += 32) {
        const first = v128.load(right), second = v128.load(right, 16);
        const x = v128.load(left);
        let lane = v128.shuffle<u32>(x, x, 0, 0, 0, 0);
        s00 = multiplyAdd(op, s00, lane, first);
        s01 = multiplyAdd(op, s01, lane, second);
        lane = v128.shuffle<u32>(x, x, 1, 1, 1, 1);
        s10 = multiplyAdd(op, s10, lane, first);
        s11 = multiplyAdd(op, s11, lane, second);
        lane = v128.shuffle<u32>(x, x, 2, 2, 2, 2);
        s20 = multiplyAdd(op, s20, lane, first);
        s21 = multiplyAdd(op, s21, lane, second);
        lane = v128.shuffle<u32>(x, x, 3, 3, 3, 3);
        s30 = multiplyAdd(op, s30, lane, first);
        s31 = multiplyAdd(op, s31, lane, second);
      }
      const sums = c + <usize> row * 4 * stride + (<usize> column << 5);
      addTo(op, sums, s00, s01);
      addTo(op, sums + stride, s10, s11);
      addTo(op, sums + 2 * stride, s20, s21);
      addTo(op, sums + 3 * stride, s30, s31);
    }
  }
}

/** float32 by multiplications and additions. */
export function float32Simd(a: usize, b: usize, c: usize, rows: i32, columns: i32, depth: i32): void {
  multiply(Operation.MultiplyFloats, a, b, c, rows, columns, depth);
}

/** float32 by relaxed SIMD's fused multiplications and additions. */
export function float32Relaxed(a: usize, b: usize, c: usize, rows: i32, columns: i32, depth: i32): void {
  multiply(Operation.FuseFloats, a, b, c, rows, columns, depth);
}

/** int16 by the dot product of SIMD without relaxation: int8 widened beforehand. */
export function int16Simd(a: usize, b: usize, c: usize, rows: i32, columns: i32, depth: i32): void {
  multiply(Operation.DotInt16, a, b, c, rows, columns, depth / 2);
}

/** int8 by relaxed SIMD's dot product; weights must be 0..127. */
export function int8Relaxed(a: usize, b: usize, c: usize, rows: i32, columns: i32, depth: i32): void {
  multiply(Operation.DotInt8, a, b, c, rows, columns, depth / 4);
}
