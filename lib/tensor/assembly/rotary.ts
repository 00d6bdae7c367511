// Rotary position embeddings in the half-split layout.

import { storeFirst } from "./vector";

/**
 * Rotates the elements i and i + half of each head by the angle i of the row, for i < half.
 *
 * @param half Half of the channels of a head.
 * @param cos, sin [rows, half]
 * @param direction 1, or -1 to rotate back.
 */
export function rotateRows(
  rows: i32,
  heads: i32,
  half: i32,
  target: usize,
  x: usize,
  cos: usize,
  sin: usize,
  direction: f32,
): void {
  const halfBytes = <usize> half << 2;
  const sign = f32x4.splat(direction);
  for (let r = 0; r < rows; r++) {
    for (let h = 0; h < heads; h++) {
      for (let i = 0; i < half; i += 4) {
        const at = <usize> i << 2;
        const left = v128.load(x + at);
        const right = v128.load(x + halfBytes + at);
        const c = v128.load(cos + at);
        const s = f32x4.mul(sign, v128.load(sin + at));
        const first = f32x4.sub(f32x4.mul(left, c), f32x4.mul(right, s));
        const second = f32x4.add(f32x4.mul(right, c), f32x4.mul(left, s));
        storeFirst(target + at, first, half - i);
        storeFirst(target + halfBytes + at, second, half - i);
      }
      x += 2 * halfBytes;
      target += 2 * halfBytes;
    }
    cos += halfBytes;
    sin += halfBytes;
  }
}
