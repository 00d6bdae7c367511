// The column loop of GPTQ (alg. 1) within one block of columns, with the bits of lib/quant: each element meets
// the errors of the columns before it one after the other.

/** Rows that are worked on together, and columns whose errors are passed on together. */
const TOGETHER: i32 = 4;

/** Bytes of one column of {@link TOGETHER} rows. */
const COLUMN: usize = <usize> TOGETHER << 3;

/** block = columns of up to four rows, side by side; 0 in the place of those that are missing. */
function gather(rows: i32, width: i32, weight: usize, stride: usize, block: usize): void {
  for (let lane: i32 = 0; lane < TOGETHER; lane++, weight += stride) {
    let to = block + (<usize> lane << 3);
    for (let j = 0; j < width; j++, to += COLUMN) {
      store<f64>(to, lane < rows ? load<f64>(weight + (<usize> j << 3)) : 0);
    }
  }
}

/** Two rows' weights less one error after the other times its factor. */
// @ts-ignore: decorator
@inline
function less(weight: v128, error: v128, factor: v128): v128 {
  return f64x2.sub(weight, f64x2.mul(error, factor));
}

/**
 * Rounds columns to their grids, and subtracts the error of each from the columns behind it in proportion to
 * the factor's row.
 *
 * @param weight Its rows `stride` bytes apart; left as it is.
 * @param factor The block's part of an upper triangle, from its diagonal on; the second row starts
 *   `factorStride` bytes behind the first, and every later step is 8 bytes less.
 * @param codes Bytes, rows `width` apart.
 * @param errors Error by diagonal, rows `errorStride` bytes apart.
 * @param scale 32-bit floats, rows `groups` apart, as are those of `zeroPoint`, which are bytes. The first
 *   column has the first of them.
 * @param first How many columns of its group are before the first column.
 * @param losses Of each row: the sum of error^2 / 2 is added.
 * @param block Room for four rows of the block.
 */
export function roundColumns(
  rows: i32,
  width: i32,
  weight: usize,
  stride: i32,
  factor: usize,
  factorStride: i32,
  codes: usize,
  errors: usize,
  errorStride: i32,
  scale: usize,
  zeroPoint: usize,
  groups: i32,
  first: i32,
  groupSize: i32,
  codeMax: f32,
  losses: usize,
  block: usize,
): void {
  const zero = f32x4.splat(0), most = f32x4.splat(codeMax);
  const half = f64x2.splat(0.5);
  for (; rows > 0; rows -= TOGETHER) {
    const count = min(rows, TOGETHER);
    gather(count, width, weight, <usize> stride, block);
    let step = zero, shift = zero;
    let lossA = f64x2.splat(0), lossB = lossA;
    let group = -1, inGroup = first;
    let line = factor, lineStride = <usize> factorStride;
    // Of the four columns at hand: their errors, and where their rows of the factor are.
    let a0 = lossA, a1 = lossA, a2 = lossA, a3 = lossA, b0 = lossA, b1 = lossA, b2 = lossA, b3 = lossA;
    let f0: usize = 0, f1: usize = 0, f2: usize = 0, f3: usize = 0;
    for (let j = 0; j < width; j++) {
      if (group < 0 || inGroup == groupSize) {
        if (group >= 0) inGroup = 0;
        group++;
        step = f32x4.splat(1);
        for (let lane: i32 = 0; lane < count; lane++) {
          const at = <usize> (lane * groups + group);
          step = withLane(step, lane, load<f32>(scale + (at << 2)));
          shift = withLane(shift, lane, <f32> load<u8>(zeroPoint + at));
        }
      }
      inGroup++;
      const at = block + <usize> j * COLUMN;
      let left = v128.load(at), right = v128.load(at, 16);
      const place = j & 3;
      if (place > 0) {
        left = less(left, a0, v128.load64_splat(f0 + (<usize> j << 3)));
        right = less(right, b0, v128.load64_splat(f0 + (<usize> j << 3)));
      }
      if (place > 1) {
        left = less(left, a1, v128.load64_splat(f1 + (<usize> j << 3)));
        right = less(right, b1, v128.load64_splat(f1 + (<usize> j << 3)));
      }
      if (place > 2) {
        left = less(left, a2, v128.load64_splat(f2 + (<usize> j << 3)));
        right = less(right, b2, v128.load64_splat(f2 + (<usize> j << 3)));
      }
      const value = v128.shuffle<f64>(
        f32x4.demote_f64x2_zero(left),
        f32x4.demote_f64x2_zero(right),
        0,
        2,
      );
      const code = f32x4.min(
        f32x4.max(f32x4.add(f32x4.nearest(f32x4.div(value, step)), shift), zero),
        most,
      );
      const rounded = f32x4.mul(step, f32x4.sub(code, shift));
      const diagonal = v128.load64_splat(line + (<usize> j << 3));
      left = f64x2.div(f64x2.sub(f64x2.promote_low_f32x4(value), f64x2.promote_low_f32x4(rounded)), diagonal);
      right = f64x2.div(f64x2.sub(promoteHigh(value), promoteHigh(rounded)), diagonal);
      lossA = f64x2.add(lossA, f64x2.mul(f64x2.mul(left, left), half));
      lossB = f64x2.add(lossB, f64x2.mul(f64x2.mul(right, right), half));
      storeLanes(count, codes + <usize> j, <usize> width, code, errors + (<usize> j << 3), <usize> errorStride, left, right);
      if (place == 0) {
        a0 = left;
        b0 = right;
        f0 = line;
      } else if (place == 1) {
        a1 = left;
        b1 = right;
        f1 = line;
      } else if (place == 2) {
        a2 = left;
        b2 = right;
        f2 = line;
      } else {
        a3 = left;
        b3 = right;
        f3 = line;
        for (let later = j + 1; later < width; later++) {
          const to = block + <usize> later * COLUMN, offset = <usize> later << 3;
          let x = v128.load(to), y = v128.load(to, 16);
          let factors = v128.load64_splat(f0 + offset);
          x = less(x, a0, factors);
          y = less(y, b0, factors);
          factors = v128.load64_splat(f1 + offset);
          x = less(x, a1, factors);
          y = less(y, b1, factors);
          factors = v128.load64_splat(f2 + offset);
          x = less(x, a2, factors);
          y = less(y, b2, factors);
          factors = v128.load64_splat(f3 + offset);
          x = less(x, a3, factors);
          y = less(y, b3, factors);
          v128.store(to, x);
          v128.store(to, y, 16);
        }
      }
      line += lineStride; // row j + 1, as if it began in the first column, too
      lineStride -= 8;
    }
    addLosses(count, losses, lossA, lossB);
    weight += <usize> (TOGETHER * stride);
    codes += <usize> (TOGETHER * width);
    errors += <usize> (TOGETHER * errorStride);
    scale += <usize> (TOGETHER * groups) << 2;
    zeroPoint += <usize> (TOGETHER * groups);
    losses += COLUMN;
  }
}

// @ts-ignore: decorator
@inline
function promoteHigh(x: v128): v128 {
  return f64x2.promote_low_f32x4(v128.shuffle<f64>(x, x, 1, 1));
}

// @ts-ignore: decorator
@inline
function withLane(x: v128, lane: i32, value: f32): v128 {
  switch (lane) {
    case 0:
      return f32x4.replace_lane(x, 0, value);
    case 1:
      return f32x4.replace_lane(x, 1, value);
    case 2:
      return f32x4.replace_lane(x, 2, value);
    default:
      return f32x4.replace_lane(x, 3, value);
  }
}

// @ts-ignore: decorator
@inline
function storeLanes(
  count: i32,
  codes: usize,
  codeStride: usize,
  code: v128,
  errors: usize,
  errorStride: usize,
  left: v128,
  right: v128,
): void {
  const bytes = i32x4.trunc_sat_f32x4_u(code);
  v128.store8_lane(codes, bytes, 0);
  v128.store64_lane(errors, left, 0);
  if (count > 1) {
    v128.store8_lane(codes + codeStride, bytes, 4);
    v128.store64_lane(errors + errorStride, left, 1);
  }
  if (count > 2) {
    v128.store8_lane(codes + 2 * codeStride, bytes, 8);
    v128.store64_lane(errors + 2 * errorStride, right, 0);
  }
  if (count > 3) {
    v128.store8_lane(codes + 3 * codeStride, bytes, 12);
    v128.store64_lane(errors + 3 * errorStride, right, 1);
  }
}

// @ts-ignore: decorator
@inline
function addLosses(count: i32, losses: usize, left: v128, right: v128): void {
  store<f64>(losses, load<f64>(losses) + f64x2.extract_lane(left, 0));
  if (count > 1) store<f64>(losses + 8, load<f64>(losses + 8) + f64x2.extract_lane(left, 1));
  if (count > 2) store<f64>(losses + 16, load<f64>(losses + 16) + f64x2.extract_lane(right, 0));
  if (count > 3) store<f64>(losses + 24, load<f64>(losses + 24) + f64x2.extract_lane(right, 1));
}
