/**
 * C = A op(B) in float32 by a native library: A [m, k], op(B) [k, n], rows of the matrices as they are
 * stored so many elements apart.
 */
// @ts-ignore: decorator
@external("env", "multiplyFloats")
export declare function multiplyFloats(
  a: usize,
  strideA: i32,
  b: usize,
  strideB: i32,
  transposeB: bool,
  c: usize,
  strideC: i32,
  m: i32,
  n: i32,
  k: i32,
): void;
