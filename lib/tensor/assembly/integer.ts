// Products of unsigned 8-bit activations and signed 8-bit weights, exact in 32 bits.
//
// Operands are widened to 16 bits on loading and multiplied by i32x4.dot_i16x8_s. The relaxed 8-bit dot
// products would be faster but are defined for 7-bit operands only.

/** Rows of B that stay in the second-level cache while all rows of A pass by. */
const BLOCK_ROWS: i32 = 64;

// @ts-ignore: decorator
@inline
function dotAdd(sum: v128, x: v128, w: v128): v128 {
  return i32x4.add(sum, i32x4.dot_i16x8_s(x, w));
}

/** The sums over the lanes of each vector. */
// @ts-ignore: decorator
@inline
function totals(a: v128, b: v128, c: v128, d: v128): v128 {
  const ab = i32x4.add(v128.shuffle<i32>(a, b, 0, 4, 1, 5), v128.shuffle<i32>(a, b, 2, 6, 3, 7));
  const cd = i32x4.add(v128.shuffle<i32>(c, d, 0, 4, 1, 5), v128.shuffle<i32>(c, d, 2, 6, 3, 7));
  return i32x4.add(v128.shuffle<i32>(ab, cd, 0, 1, 4, 5), v128.shuffle<i32>(ab, cd, 2, 3, 6, 7));
}

/** Two rows of A, which may be one and the same, times four rows of B. */
function tile(a0: usize, a1: usize, b: usize, depth: usize, c0: usize, c1: usize): void {
  const b1 = b + depth, b2 = b1 + depth, b3 = b2 + depth;
  const zero = i32x4.splat(0);
  let s00 = zero, s01 = zero, s02 = zero, s03 = zero;
  let s10 = zero, s11 = zero, s12 = zero, s13 = zero;
  for (let p: usize = 0; p < depth; p += 8) {
    const x0 = v128.load_ext<u8>(a0 + p);
    const x1 = v128.load_ext<u8>(a1 + p);
    let w = v128.load_ext<i8>(b + p);
    s00 = dotAdd(s00, x0, w);
    s10 = dotAdd(s10, x1, w);
    w = v128.load_ext<i8>(b1 + p);
    s01 = dotAdd(s01, x0, w);
    s11 = dotAdd(s11, x1, w);
    w = v128.load_ext<i8>(b2 + p);
    s02 = dotAdd(s02, x0, w);
    s12 = dotAdd(s12, x1, w);
    w = v128.load_ext<i8>(b3 + p);
    s03 = dotAdd(s03, x0, w);
    s13 = dotAdd(s13, x1, w);
  }
  v128.store(c0, totals(s00, s01, s02, s03));
  v128.store(c1, totals(s10, s11, s12, s13));
}

/**
 * C = A B^T in 32-bit integers. C is [m, n rounded up to 4]; its padding is written.
 *
 * @param a Unsigned bytes [m, depth], its rows `strideA` bytes apart.
 * @param b Signed bytes [n rounded up to 4, depth]; what its padding holds does not matter.
 * @param depth A multiple of 8.
 */
export function integerMatmul(
  a: usize,
  strideA: usize,
  b: usize,
  c: usize,
  m: i32,
  n: i32,
  depth: i32,
): void {
  const rowBytes = (<usize> ((n + 3) & ~3)) << 2;
  for (let block = 0; block < n; block += BLOCK_ROWS) {
    const end = min(block + BLOCK_ROWS, n);
    for (let i = 0; i < m; i += 2) {
      const next = min(i + 1, m - 1);
      const a0 = a + <usize> i * strideA, a1 = a + <usize> next * strideA;
      const c0 = c + <usize> i * rowBytes, c1 = c + <usize> next * rowBytes;
      for (let j = block; j < end; j += 4) {
        const column = <usize> j << 2;
        tile(a0, a1, b + <usize> j * <usize> depth, depth, c0 + column, c1 + column);
      }
    }
  }
}

/**
 * (code - zero point of the row) * factor of the column, as signed bytes [rows, depth].
 *
 * @param packed 4-bit codes [rows, depth / 2]: of 16 columns, byte j holds column j in its low half and
 * column j + 8 in its high half.
 * @param zeroPoints Bytes [rows].
 * @param factors 16-bit integers [depth] for which every result fits a signed byte.
 * @param depth A multiple of 16.
 */
export function unpackInt4(
  target: usize,
  packed: usize,
  zeroPoints: usize,
  factors: usize,
  rows: i32,
  depth: i32,
): void {
  const mask = i16x8.splat(15);
  for (let row = 0; row < rows; row++) {
    const zero = i16x8.splat(load<u8>(zeroPoints + row));
    for (let p = 0; p < depth; p += 16) {
      const pairs = v128.load_ext<u8>(packed);
      const factor = factors + (<usize> p << 1);
      const low = i16x8.mul(i16x8.sub(v128.and(pairs, mask), zero), v128.load(factor));
      const high = i16x8.mul(i16x8.sub(i16x8.shr_u(pairs, 4), zero), v128.load(factor, 16));
      v128.store(target, i8x16.narrow_i16x8_s(low, high));
      packed += 8;
      target += 16;
    }
  }
}

/**
 * y += scale * (c - offset - zero * sum), rows of `columns` elements, a multiple of 4.
 *
 * @param y Floats [rows, columns].
 * @param c 32-bit integers [rows, columns].
 * @param scale Floats [columns].
 * @param offset As `zero`: 32-bit integers [columns].
 * @param sums 32-bit integers [rows].
 */
export function addScaled(
  y: usize,
  c: usize,
  scale: usize,
  offset: usize,
  zero: usize,
  sums: usize,
  rows: i32,
  columns: i32,
): void {
  const rowBytes = <usize> columns << 2;
  for (let row = 0; row < rows; row++) {
    const sum = v128.load32_splat(sums + (<usize> row << 2));
    for (let j: usize = 0; j < rowBytes; j += 16) {
      const shift = i32x4.add(v128.load(offset + j), i32x4.mul(v128.load(zero + j), sum));
      const steps = f32x4.convert_i32x4_s(i32x4.sub(v128.load(c + j), shift));
      v128.store(y + j, f32x4.add(v128.load(y + j), f32x4.mul(v128.load(scale + j), steps)));
    }
    y += rowBytes;
    c += rowBytes;
  }
}
