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

/**
 * target[row, column] = scale * (code - zeroPoint), rounded twice.
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
        const eight = load<u64>(codes);
        const left = i32x4.shr_u(i32x4.mul(i32x4.splat(<i32> eight), top), 32 - bits);
        const right = i32x4.shr_u(
          i32x4.mul(i32x4.splat(<i32> (eight >> 4 * bits)), top),
          32 - bits,
        );
        v128.store(target, f32x4.mul(f32x4.sub(f32x4.convert_i32x4_s(left), zero), step));
        v128.store(target, f32x4.mul(f32x4.sub(f32x4.convert_i32x4_s(right), zero), step), 16);
      }
    }
  }
}
