// C[m, n] = op(A) op(B) in float32, row-major, after Goto's blocking: a block of B and a block of A
// are packed into panels that the inner tile reads front to back.

import { multiplyAdd } from "./vector";

/** Rows and columns of the register tile: 12 vector accumulators of the 16 registers. */
export const TILE_ROWS: i32 = 6;
export const TILE_COLUMNS: i32 = 8;

/** Depth of a packed block: a panel of B (8 KiB) stays in the first-level cache. */
export const BLOCK_DEPTH: i32 = 256;

/** Rows of a packed block of A (96 KiB), a multiple of TILE_ROWS: stays in the second-level cache. */
const BLOCK_ROWS: i32 = 96;

/**
 * Copies a [lines, depth] block into panels of `width` lines, depth-major within a panel; a last,
 * partial panel is filled with zeros. Strides are in elements.
 */
export function pack(
  target: usize,
  source: usize,
  lines: i32,
  depth: i32,
  lineStride: i32,
  depthStride: i32,
  width: i32,
): void {
  for (let first = 0; first < lines; first += width) {
    const count = min(width, lines - first);
    const panel = source + ((<usize> first * lineStride) << 2);
    if (count < width) memory.fill(target, 0, (<usize> width * depth) << 2);
    if (lineStride == 1 && count == width) {
      for (let p = 0; p < depth; p++) {
        memory.copy(target + ((<usize> p * width) << 2), panel + ((<usize> p * depthStride) << 2), width << 2);
      }
    } else {
      for (let line = 0; line < count; line++) {
        let from = panel + ((<usize> line * lineStride) << 2);
        let to = target + (<usize> line << 2);
        for (let p = 0; p < depth; p++) {
          store<f32>(to, load<f32>(from));
          from += <usize> depthStride << 2;
          to += <usize> width << 2;
        }
      }
    }
    target += (<usize> width * depth) << 2;
  }
}

// @ts-ignore: decorator
@inline
function storeRow(c: usize, left: v128, right: v128, accumulate: bool): void {
  if (accumulate) {
    left = f32x4.add(left, v128.load(c));
    right = f32x4.add(right, v128.load(c, 16));
  }
  v128.store(c, left);
  v128.store(c, right, 16);
}

/** One 6 x 8 tile of C from a panel of A and a panel of B; `stride` is a row of C in bytes. */
export function tile(a: usize, b: usize, depth: i32, c: usize, stride: usize, accumulate: bool): void {
  const zero = f32x4.splat(0);
  let c00 = zero, c01 = zero, c10 = zero, c11 = zero, c20 = zero, c21 = zero;
  let c30 = zero, c31 = zero, c40 = zero, c41 = zero, c50 = zero, c51 = zero;
  for (const end = a + ((<usize> depth * TILE_ROWS) << 2); a < end; a += TILE_ROWS << 2) {
    const left = v128.load(b);
    const right = v128.load(b, 16);
    let row = v128.load32_splat(a);
    c00 = multiplyAdd(row, left, c00);
    c01 = multiplyAdd(row, right, c01);
    row = v128.load32_splat(a, 4);
    c10 = multiplyAdd(row, left, c10);
    c11 = multiplyAdd(row, right, c11);
    row = v128.load32_splat(a, 8);
    c20 = multiplyAdd(row, left, c20);
    c21 = multiplyAdd(row, right, c21);
    row = v128.load32_splat(a, 12);
    c30 = multiplyAdd(row, left, c30);
    c31 = multiplyAdd(row, right, c31);
    row = v128.load32_splat(a, 16);
    c40 = multiplyAdd(row, left, c40);
    c41 = multiplyAdd(row, right, c41);
    row = v128.load32_splat(a, 20);
    c50 = multiplyAdd(row, left, c50);
    c51 = multiplyAdd(row, right, c51);
    b += TILE_COLUMNS << 2;
  }
  storeRow(c, c00, c01, accumulate);
  storeRow(c + stride, c10, c11, accumulate);
  storeRow(c + 2 * stride, c20, c21, accumulate);
  storeRow(c + 3 * stride, c30, c31, accumulate);
  storeRow(c + 4 * stride, c40, c41, accumulate);
  storeRow(c + 5 * stride, c50, c51, accumulate);
}

/**
 * C = op(A) op(B) for k >= 1. C is [m rounded up to 6, n rounded up to 8]; its padding is written.
 *
 * @param a A, [m, k], or [k, m] if `transposeA`.
 * @param b B, [k, n], or [n, k] if `transposeB`.
 * @param packed Scratch for 256 (96 + n rounded up to 8) floats.
 */
export function matmul(
  a: usize,
  b: usize,
  c: usize,
  m: i32,
  n: i32,
  k: i32,
  transposeA: bool,
  transposeB: bool,
  packed: usize,
): void {
  const rowStrideA = transposeA ? 1 : k;
  const depthStrideA = transposeA ? m : 1;
  const columnStrideB = transposeB ? k : 1;
  const depthStrideB = transposeB ? 1 : n;
  const rowBytes = (<usize> ((n + TILE_COLUMNS - 1) / TILE_COLUMNS) * TILE_COLUMNS) << 2;
  const packedB = packed + ((BLOCK_ROWS * BLOCK_DEPTH) << 2);
  for (let p = 0; p < k; p += BLOCK_DEPTH) {
    const depth = min(BLOCK_DEPTH, k - p);
    pack(packedB, b + ((<usize> p * depthStrideB) << 2), n, depth, columnStrideB, depthStrideB, TILE_COLUMNS);
    for (let i = 0; i < m; i += BLOCK_ROWS) {
      const rows = min(BLOCK_ROWS, m - i);
      const from = a + ((<usize> i * rowStrideA + <usize> p * depthStrideA) << 2);
      pack(packed, from, rows, depth, rowStrideA, depthStrideA, TILE_ROWS);
      for (let j = 0; j < n; j += TILE_COLUMNS) {
        const panelB = packedB + ((<usize> j * depth) << 2);
        for (let r = 0; r < rows; r += TILE_ROWS) {
          const panelA = packed + ((<usize> r * depth) << 2);
          tile(panelA, panelB, depth, c + <usize> (i + r) * rowBytes + (<usize> j << 2), rowBytes, p > 0);
        }
      }
    }
  }
}
