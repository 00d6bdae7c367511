// Linear layers in dynamic fixed point: integers of 16 bits, summed up in 32, which wrap around.

import { storeFirst } from "./vector";

/** The sums of the four lanes of each of four vectors. */
// @ts-ignore: decorator
@inline
function laneSums(a: v128, b: v128, c: v128, d: v128): v128 {
  const ab = i32x4.add(v128.shuffle<i32>(a, b, 0, 4, 2, 6), v128.shuffle<i32>(a, b, 1, 5, 3, 7));
  const cd = i32x4.add(v128.shuffle<i32>(c, d, 0, 4, 2, 6), v128.shuffle<i32>(c, d, 1, 5, 3, 7));
  return i32x4.add(v128.shuffle<i32>(ab, cd, 0, 1, 4, 5), v128.shuffle<i32>(ab, cd, 2, 3, 6, 7));
}

/**
 * C [rows, n] = A [rows, k] times the lines of W [n, k]: products of so many elements at a time are summed up modulo
 * 2^32; these sums become floats and are added in float32, one after the other.
 *
 * @param a 16-bit integers, as is `w`; lines begin at multiples of 16 bytes and end with zeros.
 * @param k A multiple of 8.
 * @param strideC Elements from a row of C to the next.
 * @param chain Elements, a multiple of 8.
 */
export function fixedLinear(
  a: usize,
  w: usize,
  c: usize,
  rows: i32,
  n: i32,
  k: i32,
  strideC: i32,
  chain: i32,
): void {
  const lineBytes = <usize> k << 1;
  for (let j = 0; j < n; j += 4, w += 4 * lineBytes, c += 16) {
    const second = n - j > 1 ? lineBytes : 0, third = n - j > 2 ? 2 * lineBytes : 0, fourth = n - j > 3 ? 3 * lineBytes : 0;
    let from = a, to = c;
    for (let row = 0; row < rows; row++, to += <usize> strideC << 2) {
      let total = f32x4.splat(0), line = w;
      for (let p = 0; p < k; p += chain) {
        let s0 = i32x4.splat(0), s1 = s0, s2 = s0, s3 = s0;
        for (const end = from + (<usize> min(chain, k - p) << 1); from < end; from += 16, line += 16) {
          const x = v128.load(from);
          s0 = i32x4.add(s0, i32x4.dot_i16x8_s(x, v128.load(line)));
          s1 = i32x4.add(s1, i32x4.dot_i16x8_s(x, v128.load(line + second)));
          s2 = i32x4.add(s2, i32x4.dot_i16x8_s(x, v128.load(line + third)));
          s3 = i32x4.add(s3, i32x4.dot_i16x8_s(x, v128.load(line + fourth)));
        }
        total = f32x4.add(total, f32x4.convert_i32x4_s(laneSums(s0, s1, s2, s3)));
      }
      storeFirst(to, total, n - j);
    }
  }
}
