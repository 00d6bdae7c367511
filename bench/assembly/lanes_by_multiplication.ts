// The lane-packed multiplier as figure 5 draws it: two weights 2^8 apart in each 16-bit operand. It needs
// no dot products: one i16x8.mul makes sixteen products.
//
// They stay two in a lane: `all` adds up whole lanes, mod 2^16, and `upper` their upper bytes, so that
// the lower bytes' sum is all - 2^8 upper, mod 2^16. That saves the masking of every product.

/** Activations in a panel. */
const PANEL_ROWS: i32 = 4;

/** Bytes of a panel's row: 4 activations, twice each, and 8 pairs of weights, of 16 bits each. */
const ACTIVATION_BYTES: i32 = 16;
const PAIR_BYTES: i32 = 16;

/** Bytes of 16 columns of sums of 32 bits. */
const SUM_BYTES: i32 = 64;

/** Additions that no 16-bit lane can overflow by. */
const SAFE_ADDITIONS: i32 = 256;

/** Adds what 8 lanes hold to their 16 sums, widened to 32 bits. */
// @ts-ignore: decorator
@inline
function spill(c: usize, all: v128, upper: v128): void {
  const lower = i16x8.sub(all, i16x8.shl(upper, 8));
  const left = v128.shuffle<u16>(upper, lower, 0, 8, 1, 9, 2, 10, 3, 11);
  const right = v128.shuffle<u16>(upper, lower, 4, 12, 5, 13, 6, 14, 7, 15);
  v128.store(c, i32x4.add(v128.load(c), i32x4.extend_low_i16x8_u(left)));
  v128.store(c, i32x4.add(v128.load(c, 16), i32x4.extend_high_i16x8_u(left)), 16);
  v128.store(c, i32x4.add(v128.load(c, 32), i32x4.extend_low_i16x8_u(right)), 32);
  v128.store(c, i32x4.add(v128.load(c, 48), i32x4.extend_high_i16x8_u(right)), 48);
}

/** Adds one panel of activations times one of weights to 4 x 16 sums; `stride` in bytes. */
function tile(a: usize, b: usize, c: usize, depth: i32, stride: usize): void {
  const zero = i16x8.splat(0);
  for (let first = 0; first < depth; first += SAFE_ADDITIONS) {
    let all0 = zero, all1 = zero, all2 = zero, all3 = zero;
    let upper0 = zero, upper1 = zero, upper2 = zero, upper3 = zero;
    const end = a + <usize> (min(SAFE_ADDITIONS, depth - first) * ACTIVATION_BYTES);
    for (; a < end; a += ACTIVATION_BYTES, b += PAIR_BYTES) {
      const pairs = v128.load(b);
      const x = v128.load(a);
      let products = i16x8.mul(pairs, v128.shuffle<u32>(x, x, 0, 0, 0, 0));
      all0 = i16x8.add(all0, products);
      upper0 = i16x8.add(upper0, i16x8.shr_u(products, 8));
      products = i16x8.mul(pairs, v128.shuffle<u32>(x, x, 1, 1, 1, 1));
      all1 = i16x8.add(all1, products);
      upper1 = i16x8.add(upper1, i16x8.shr_u(products, 8));
      products = i16x8.mul(pairs, v128.shuffle<u32>(x, x, 2, 2, 2, 2));
      all2 = i16x8.add(all2, products);
      upper2 = i16x8.add(upper2, i16x8.shr_u(products, 8));
      products = i16x8.mul(pairs, v128.shuffle<u32>(x, x, 3, 3, 3, 3));
      all3 = i16x8.add(all3, products);
      upper3 = i16x8.add(upper3, i16x8.shr_u(products, 8));
    }
    spill(c, all0, upper0);
    spill(c + stride, all1, upper1);
    spill(c + 2 * stride, all2, upper2);
    spill(c + 3 * stride, all3, upper3);
  }
}

/**
 * Adds activations times pairs of weights to the sums.
 *
 * @param a u16 `[rowPanels, depth, 4, 2]`, each twice.
 * @param b u16 `[pairPanels, depth, 8]`.
 * @param c u32 `[4 rowPanels, 16 pairPanels]`.
 */
export function int4ByMultiplication(
  a: usize,
  b: usize,
  c: usize,
  rowPanels: i32,
  pairPanels: i32,
  depth: i32,
): void {
  const stride = <usize> pairPanels * SUM_BYTES;
  for (let column = 0; column < pairPanels; column++) {
    const pairs = b + <usize> column * depth * PAIR_BYTES;
    for (let row = 0; row < rowPanels; row++) {
      const activations = a + <usize> row * depth * ACTIVATION_BYTES;
      const sums = c + <usize> row * PANEL_ROWS * stride + <usize> column * SUM_BYTES;
      tile(activations, pairs, sums, depth, stride);
    }
  }
}
