// Codes on a grid per row and group of columns, as lib/format/affine_matrix.ts defines them, to float32.

/** 2^(32 - bits), 2^(32 - 2 bits), ...: what moves the first, second, ... of four codes to the top. */
// @ts-ignore: decorator
@inline
function toTheTop(bits: i32): v128 {
  const first = i32x4.splat(1 << (32 - bits));
  const second = i32x4.replace_lane(first, 1, 1 << (32 - 2 * bits));
  const third = i32x4.replace_lane(second, 2, 1 << (32 - 3 * bits));
  return i32x4.replace_lane(third, 3, 1 << (32 - 4 * bits));
}

/** target[i] = scale * (code - zeroPoint), rounded twice, of the four codes in the low bits of a word. */
// @ts-ignore: decorator
@inline
function storeFour(
  target: usize,
  word: u64,
  top: v128,
  bits: i32,
  scale: v128,
  zeroPoint: v128,
): void {
  const codes = i32x4.shr_u(i32x4.mul(i32x4.splat(<i32> word), top), 32 - bits);
  v128.store(target, f32x4.mul(f32x4.sub(f32x4.convert_i32x4_s(codes), zeroPoint), scale));
}

/**
 * Rows whose groups are of adjacent columns.
 *
 * @param codes A stream of `bits` bits each, 2..8, from a whole byte on.
 * @param scale Floats [rows, groups], as are the zero points.
 * @param columns A multiple of 8.
 * @param groupSize A multiple of 8; the last group of a row may be smaller.
 */
export function decodeAffine(
  rows: i32,
  target: usize,
  codes: usize,
  scale: usize,
  zeroPoint: usize,
  columns: i32,
  groupSize: i32,
  bits: i32,
): void {
  const top = toTheTop(bits);
  for (; rows > 0; rows--) {
    for (let rest = columns; rest > 0; rest -= groupSize, scale += 4, zeroPoint += 4) {
      const step = v128.load32_splat(scale), zero = v128.load32_splat(zeroPoint);
      for (let i = min(rest, groupSize); i > 0; i -= 8, codes += bits, target += 32) {
        const word = load<u64>(codes);
        storeFour(target, word, top, bits, step, zero);
        storeFour(target + 16, word >> 4 * bits, top, bits, step, zero);
      }
    }
  }
}

/** The floats of a table that four indices name. */
// @ts-ignore: decorator
@inline
function gather(table: usize, indices: usize): v128 {
  const first = v128.load32_zero(table + (<usize> load<u32>(indices) << 2));
  const second = v128.load32_lane(table + (<usize> load<u32>(indices, 4) << 2), first, 1);
  const third = v128.load32_lane(table + (<usize> load<u32>(indices, 8) << 2), second, 2);
  return v128.load32_lane(table + (<usize> load<u32>(indices, 12) << 2), third, 3);
}

/**
 * As {@link decodeAffine}, with columns in groups of any order.
 *
 * @param groupIndex 32-bit integers [columns]: the group of each.
 */
export function decodeScatteredAffine(
  rows: i32,
  target: usize,
  codes: usize,
  scale: usize,
  zeroPoint: usize,
  columns: i32,
  groups: i32,
  bits: i32,
  groupIndex: usize,
): void {
  const top = toTheTop(bits);
  for (const step = <usize> groups << 2; rows > 0; rows--, scale += step, zeroPoint += step) {
    let group = groupIndex;
    for (let i = columns; i > 0; i -= 8, codes += bits, target += 32, group += 32) {
      const word = load<u64>(codes), next = group + 16;
      storeFour(target, word, top, bits, gather(scale, group), gather(zeroPoint, group));
      const rest = word >> 4 * bits;
      storeFour(target + 16, rest, top, bits, gather(scale, next), gather(zeroPoint, next));
    }
  }
}
