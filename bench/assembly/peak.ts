/**
 * Loops that do nothing but multiply and add in registers: what a processor can do at most by one
 * kind of instruction. Twelve independent sums hide the latency of the instructions.
 *
 * The results are sums that depend on every step, so that no step can be left out.
 */

/** 96 operations a step: multiplications and additions on 4 lanes. */
export function float32Simd(steps: i32, factor: f32): f32 {
  const a = f32x4.splat(factor);
  let s0 = a, s1 = a, s2 = a, s3 = a, s4 = a, s5 = a;
  let s6 = a, s7 = a, s8 = a, s9 = a, s10 = a, s11 = a;
  for (let i = 0; i < steps; i++) {
    s0 = f32x4.add(f32x4.mul(s0, a), a);
    s1 = f32x4.add(f32x4.mul(s1, a), a);
    s2 = f32x4.add(f32x4.mul(s2, a), a);
    s3 = f32x4.add(f32x4.mul(s3, a), a);
    s4 = f32x4.add(f32x4.mul(s4, a), a);
    s5 = f32x4.add(f32x4.mul(s5, a), a);
    s6 = f32x4.add(f32x4.mul(s6, a), a);
    s7 = f32x4.add(f32x4.mul(s7, a), a);
    s8 = f32x4.add(f32x4.mul(s8, a), a);
    s9 = f32x4.add(f32x4.mul(s9, a), a);
    s10 = f32x4.add(f32x4.mul(s10, a), a);
    s11 = f32x4.add(f32x4.mul(s11, a), a);
  }
  return sumFloats(s0, s1, s2, s3, s4, s5) + sumFloats(s6, s7, s8, s9, s10, s11);
}

/** 96 operations a step: fused multiplications and additions on 4 lanes. */
export function float32Relaxed(steps: i32, factor: f32): f32 {
  const a = f32x4.splat(factor);
  let s0 = a, s1 = a, s2 = a, s3 = a, s4 = a, s5 = a;
  let s6 = a, s7 = a, s8 = a, s9 = a, s10 = a, s11 = a;
  for (let i = 0; i < steps; i++) {
    s0 = f32x4.relaxed_madd(s0, a, a);
    s1 = f32x4.relaxed_madd(s1, a, a);
    s2 = f32x4.relaxed_madd(s2, a, a);
    s3 = f32x4.relaxed_madd(s3, a, a);
    s4 = f32x4.relaxed_madd(s4, a, a);
    s5 = f32x4.relaxed_madd(s5, a, a);
    s6 = f32x4.relaxed_madd(s6, a, a);
    s7 = f32x4.relaxed_madd(s7, a, a);
    s8 = f32x4.relaxed_madd(s8, a, a);
    s9 = f32x4.relaxed_madd(s9, a, a);
    s10 = f32x4.relaxed_madd(s10, a, a);
    s11 = f32x4.relaxed_madd(s11, a, a);
  }
  return sumFloats(s0, s1, s2, s3, s4, s5) + sumFloats(s6, s7, s8, s9, s10, s11);
}

/** 192 operations a step: dot products of pairs of 16-bit integers, 8 products each. */
export function int8Simd(steps: i32, factor: f32): f32 {
  const a = i16x8.splat(<i16>factor);
  let s0 = a, s1 = a, s2 = a, s3 = a, s4 = a, s5 = a;
  let s6 = a, s7 = a, s8 = a, s9 = a, s10 = a, s11 = a;
  for (let i = 0; i < steps; i++) {
    s0 = i32x4.add(i32x4.dot_i16x8_s(s0, a), a);
    s1 = i32x4.add(i32x4.dot_i16x8_s(s1, a), a);
    s2 = i32x4.add(i32x4.dot_i16x8_s(s2, a), a);
    s3 = i32x4.add(i32x4.dot_i16x8_s(s3, a), a);
    s4 = i32x4.add(i32x4.dot_i16x8_s(s4, a), a);
    s5 = i32x4.add(i32x4.dot_i16x8_s(s5, a), a);
    s6 = i32x4.add(i32x4.dot_i16x8_s(s6, a), a);
    s7 = i32x4.add(i32x4.dot_i16x8_s(s7, a), a);
    s8 = i32x4.add(i32x4.dot_i16x8_s(s8, a), a);
    s9 = i32x4.add(i32x4.dot_i16x8_s(s9, a), a);
    s10 = i32x4.add(i32x4.dot_i16x8_s(s10, a), a);
    s11 = i32x4.add(i32x4.dot_i16x8_s(s11, a), a);
  }
  return sumIntegers(s0, s1, s2, s3, s4, s5) + sumIntegers(s6, s7, s8, s9, s10, s11);
}

/** 384 operations a step: dot products of quadruples of 8-bit integers, 16 products each. */
export function int8Relaxed(steps: i32, factor: f32): f32 {
  const a = i8x16.splat(<i8>factor);
  let s0 = a, s1 = a, s2 = a, s3 = a, s4 = a, s5 = a;
  let s6 = a, s7 = a, s8 = a, s9 = a, s10 = a, s11 = a;
  for (let i = 0; i < steps; i++) {
    s0 = i32x4.relaxed_dot_i8x16_i7x16_add_s(s0, a, s0);
    s1 = i32x4.relaxed_dot_i8x16_i7x16_add_s(s1, a, s1);
    s2 = i32x4.relaxed_dot_i8x16_i7x16_add_s(s2, a, s2);
    s3 = i32x4.relaxed_dot_i8x16_i7x16_add_s(s3, a, s3);
    s4 = i32x4.relaxed_dot_i8x16_i7x16_add_s(s4, a, s4);
    s5 = i32x4.relaxed_dot_i8x16_i7x16_add_s(s5, a, s5);
    s6 = i32x4.relaxed_dot_i8x16_i7x16_add_s(s6, a, s6);
    s7 = i32x4.relaxed_dot_i8x16_i7x16_add_s(s7, a, s7);
    s8 = i32x4.relaxed_dot_i8x16_i7x16_add_s(s8, a, s8);
    s9 = i32x4.relaxed_dot_i8x16_i7x16_add_s(s9, a, s9);
    s10 = i32x4.relaxed_dot_i8x16_i7x16_add_s(s10, a, s10);
    s11 = i32x4.relaxed_dot_i8x16_i7x16_add_s(s11, a, s11);
  }
  return sumIntegers(s0, s1, s2, s3, s4, s5) + sumIntegers(s6, s7, s8, s9, s10, s11);
}

// @ts-ignore: decorator
@inline
function sumFloats(a: v128, b: v128, c: v128, d: v128, e: v128, f: v128): f32 {
  const sum = f32x4.add(f32x4.add(f32x4.add(a, b), f32x4.add(c, d)), f32x4.add(e, f));
  return f32x4.extract_lane(sum, 0) + f32x4.extract_lane(sum, 1) +
    f32x4.extract_lane(sum, 2) + f32x4.extract_lane(sum, 3);
}

// @ts-ignore: decorator
@inline
function sumIntegers(a: v128, b: v128, c: v128, d: v128, e: v128, f: v128): f32 {
  const sum = i32x4.add(i32x4.add(i32x4.add(a, b), i32x4.add(c, d)), i32x4.add(e, f));
  return <f32> (i32x4.extract_lane(sum, 0) + i32x4.extract_lane(sum, 1) +
    i32x4.extract_lane(sum, 2) + i32x4.extract_lane(sum, 3));
}
