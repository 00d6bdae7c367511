// C[m, n] = op(A) op(B) in float32, after Goto's blocking: blocks of A and panels of B are packed so
// that the inner tile reads them front to back.
//
// An engine that checks every memory access against the memory's size spends as much on that as on the
// arithmetic: the tile loads four rows of A at once and spreads them from a register. One that checks
// nothing and computes on 256 bits gets a tile twice as wide and loads each row by itself.

import { pack } from "./pack";
import { multiplyRow } from "./row_product";
import { multiplyAdd, storeFirst } from "./vector";
import { wide, workspace } from "./workspace";

/** Rows of the register tile, and columns: 8 accumulators, of 256 bits in the wide one. */
const TILE_ROWS: i32 = 4;
const TILE_COLUMNS: i32 = 8;
const WIDE_COLUMNS: i32 = 16;

/** Columns of the tile in use. */
// @ts-ignore: decorator
@inline
function tileColumns(): i32 {
  return wide ? WIDE_COLUMNS : TILE_COLUMNS;
}

/** Depth of a block: a panel of B (8 or 16 KiB) stays in the first-level cache. */
const BLOCK_DEPTH: i32 = 256;

/** Rows of a packed block of A (192 KiB): stays in the second-level cache. */
const BLOCK_ROWS: i32 = 192;

/** The workspace: a block of A, a panel of B, and a tile for the edges of C. */
// @ts-ignore: decorator
@inline
function packedPanel(): usize {
  return workspace + ((BLOCK_ROWS * BLOCK_DEPTH) << 2);
}

// @ts-ignore: decorator
@inline
function edgeTile(): usize {
  return packedPanel() + ((BLOCK_DEPTH * WIDE_COLUMNS) << 2);
}

/** Bytes of the workspace that {@link matmul} uses, its first ones. */
export const PRODUCT_WORKSPACE: usize =
  <usize> ((BLOCK_ROWS + WIDE_COLUMNS) * BLOCK_DEPTH + TILE_ROWS * WIDE_COLUMNS) << 2;

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

/**
 * One 4 x 8 tile of C from a panel of A and a panel of B, whose next depth is `stepB` bytes on; `stride`
 * is a row of C in bytes.
 */
function tile(
  a: usize,
  b: usize,
  stepB: usize,
  depth: i32,
  c: usize,
  stride: usize,
  accumulate: bool,
): void {
  const zero = f32x4.splat(0);
  let c00 = zero, c01 = zero, c10 = zero, c11 = zero;
  let c20 = zero, c21 = zero, c30 = zero, c31 = zero;
  for (const end = a + ((<usize> depth * TILE_ROWS) << 2); a < end; a += TILE_ROWS << 2) {
    const rows = v128.load(a);
    const left = v128.load(b);
    const right = v128.load(b, 16);
    let row = v128.shuffle<f32>(rows, rows, 0, 0, 0, 0);
    c00 = multiplyAdd(row, left, c00);
    c01 = multiplyAdd(row, right, c01);
    row = v128.shuffle<f32>(rows, rows, 1, 1, 1, 1);
    c10 = multiplyAdd(row, left, c10);
    c11 = multiplyAdd(row, right, c11);
    row = v128.shuffle<f32>(rows, rows, 2, 2, 2, 2);
    c20 = multiplyAdd(row, left, c20);
    c21 = multiplyAdd(row, right, c21);
    row = v128.shuffle<f32>(rows, rows, 3, 3, 3, 3);
    c30 = multiplyAdd(row, left, c30);
    c31 = multiplyAdd(row, right, c31);
    b += stepB;
  }
  storeRow(c, c00, c01, accumulate);
  storeRow(c + stride, c10, c11, accumulate);
  storeRow(c + 2 * stride, c20, c21, accumulate);
  storeRow(c + 3 * stride, c30, c31, accumulate);
}

/** {@link tile}, 4 x 16. */
function wideTile(
  a: usize,
  b: usize,
  stepB: usize,
  depth: i32,
  c: usize,
  stride: usize,
  accumulate: bool,
): void {
  const zero = f32x4.splat(0);
  let c00 = zero, c01 = zero, c02 = zero, c03 = zero, c10 = zero, c11 = zero, c12 = zero, c13 = zero;
  let c20 = zero, c21 = zero, c22 = zero, c23 = zero, c30 = zero, c31 = zero, c32 = zero, c33 = zero;
  for (const end = a + ((<usize> depth * TILE_ROWS) << 2); a < end; a += TILE_ROWS << 2) {
    const b0 = v128.load(b), b1 = v128.load(b, 16), b2 = v128.load(b, 32), b3 = v128.load(b, 48);
    let row = v128.load32_splat(a);
    c00 = multiplyAdd(row, b0, c00);
    c01 = multiplyAdd(row, b1, c01);
    c02 = multiplyAdd(row, b2, c02);
    c03 = multiplyAdd(row, b3, c03);
    row = v128.load32_splat(a, 4);
    c10 = multiplyAdd(row, b0, c10);
    c11 = multiplyAdd(row, b1, c11);
    c12 = multiplyAdd(row, b2, c12);
    c13 = multiplyAdd(row, b3, c13);
    row = v128.load32_splat(a, 8);
    c20 = multiplyAdd(row, b0, c20);
    c21 = multiplyAdd(row, b1, c21);
    c22 = multiplyAdd(row, b2, c22);
    c23 = multiplyAdd(row, b3, c23);
    row = v128.load32_splat(a, 12);
    c30 = multiplyAdd(row, b0, c30);
    c31 = multiplyAdd(row, b1, c31);
    c32 = multiplyAdd(row, b2, c32);
    c33 = multiplyAdd(row, b3, c33);
    b += stepB;
  }
  storeRow(c, c00, c01, accumulate);
  storeRow(c + 32, c02, c03, accumulate);
  c += stride;
  storeRow(c, c10, c11, accumulate);
  storeRow(c + 32, c12, c13, accumulate);
  c += stride;
  storeRow(c, c20, c21, accumulate);
  storeRow(c + 32, c22, c23, accumulate);
  c += stride;
  storeRow(c, c30, c31, accumulate);
  storeRow(c + 32, c32, c33, accumulate);
}

/** The part of a tile that lies in C. */
function tileAtEdge(
  a: usize,
  b: usize,
  stepB: usize,
  depth: i32,
  c: usize,
  stride: usize,
  accumulate: bool,
  rows: i32,
  columns: i32,
): void {
  const edgeStride = <usize> tileColumns() << 2;
  if (wide) wideTile(a, b, stepB, depth, edgeTile(), edgeStride, false);
  else tile(a, b, stepB, depth, edgeTile(), edgeStride, false);
  for (let row = 0; row < rows; row++) {
    const from = edgeTile() + <usize> row * edgeStride;
    const to = c + <usize> row * stride;
    for (let j = 0; j < columns; j += 4) {
      const at = <usize> j << 2;
      let sum = v128.load(from + at);
      if (accumulate) sum = f32x4.add(sum, v128.load(to + at));
      storeFirst(to + at, sum, columns - j);
    }
  }
}

/** Columns of a strip: 8 vector accumulators. */
const STRIP_COLUMNS: i32 = 32;

/** A strip of a row of C from a row of A and rows of B, `stepB` bytes apart, each read in one piece. */
function rowStrip(a: usize, b: usize, stepB: usize, depth: i32, c: usize, accumulate: bool): void {
  const zero = f32x4.splat(0);
  let c0 = zero, c1 = zero, c2 = zero, c3 = zero, c4 = zero, c5 = zero, c6 = zero, c7 = zero;
  for (const end = a + (<usize> depth << 2); a < end; a += 4, b += stepB) {
    const element = v128.load32_splat(a);
    c0 = multiplyAdd(element, v128.load(b), c0);
    c1 = multiplyAdd(element, v128.load(b, 16), c1);
    c2 = multiplyAdd(element, v128.load(b, 32), c2);
    c3 = multiplyAdd(element, v128.load(b, 48), c3);
    c4 = multiplyAdd(element, v128.load(b, 64), c4);
    c5 = multiplyAdd(element, v128.load(b, 80), c5);
    c6 = multiplyAdd(element, v128.load(b, 96), c6);
    c7 = multiplyAdd(element, v128.load(b, 112), c7);
  }
  storeRow(c, c0, c1, accumulate);
  storeRow(c + 32, c2, c3, accumulate);
  storeRow(c + 64, c4, c5, accumulate);
  storeRow(c + 96, c6, c7, accumulate);
}

/** C [1, n] from a row of A and a B whose rows are in one piece, n a multiple of STRIP_COLUMNS. */
function multiplyStrips(a: usize, b: usize, c: usize, n: i32, k: i32, stepB: usize): void {
  for (let p = 0; p < k; p += BLOCK_DEPTH) {
    const depth = min(BLOCK_DEPTH, k - p);
    const from = a + (<usize> p << 2);
    for (let j: usize = 0; j < <usize> n << 2; j += STRIP_COLUMNS << 2) {
      rowStrip(from, b + j + <usize> p * stepB, stepB, depth, c + j, p > 0);
    }
  }
}

/** A panel of columns of C from a packed block of A. */
function multiplyPanel(
  a: usize,
  b: usize,
  stepB: usize,
  depth: i32,
  c: usize,
  stride: usize,
  accumulate: bool,
  rows: i32,
  columns: i32,
): void {
  for (let r = 0; r < rows; r += TILE_ROWS) {
    const height = min(TILE_ROWS, rows - r);
    if (height < TILE_ROWS || columns < tileColumns()) {
      tileAtEdge(a, b, stepB, depth, c, stride, accumulate, height, columns);
    } else if (wide) {
      wideTile(a, b, stepB, depth, c, stride, accumulate);
    } else {
      tile(a, b, stepB, depth, c, stride, accumulate);
    }
    a += (<usize> depth * TILE_ROWS) << 2;
    c += stride * TILE_ROWS;
  }
}

/**
 * C = op(A) op(B). Each element sums up in the same order, whatever part of C it is computed with.
 *
 * @param a op(A) [m, k], its rows and columns so many elements apart.
 * @param b op(B) [k, n], likewise.
 * @param c C [m, n], its columns 1 element apart.
 * @param k At least 1.
 */
export function matmul(
  a: usize,
  b: usize,
  c: usize,
  m: i32,
  n: i32,
  k: i32,
  rowStrideA: i32,
  columnStrideA: i32,
  rowStrideB: i32,
  columnStrideB: i32,
  rowStrideC: i32,
): void {
  let first = 0;
  if (m == 1 && columnStrideA == 1 && rowStrideB == 1) {
    first = n;
    multiplyRow(a, b, c, n, k, <usize> columnStrideB << 2);
  } else if (m == 1 && columnStrideA == 1 && columnStrideB == 1) {
    first = n & ~(STRIP_COLUMNS - 1);
    multiplyStrips(a, b, c, first, k, <usize> rowStrideB << 2);
  }
  if (first == n) return;
  const stride = <usize> rowStrideC << 2;
  const width = tileColumns();
  for (let p = 0; p < k; p += BLOCK_DEPTH) {
    const depth = min(BLOCK_DEPTH, k - p);
    for (let i = 0; i < m; i += BLOCK_ROWS) {
      const rows = min(BLOCK_ROWS, m - i);
      const blockA = a + ((<usize> i * rowStrideA + <usize> p * columnStrideA) << 2);
      pack(workspace, blockA, rows, depth, rowStrideA, columnStrideA, TILE_ROWS);
      for (let j = first; j < n; j += width) {
        const columns = min(width, n - j);
        const to = c + <usize> i * stride + (<usize> j << 2);
        let panel = b + ((<usize> p * rowStrideB + <usize> j * columnStrideB) << 2);
        let stepB = <usize> rowStrideB << 2;
        // A panel for a single row of tiles is read where it lies if its rows are in one piece.
        if (m > TILE_ROWS || columnStrideB != 1 || columns < width) {
          pack(packedPanel(), panel, columns, depth, columnStrideB, rowStrideB, width);
          panel = packedPanel();
          stepB = width << 2;
        }
        multiplyPanel(workspace, panel, stepB, depth, to, stride, p > 0, rows, columns);
      }
    }
  }
}
