// C[m, n] = op(A) op(B) in float32, after Goto's blocking: B and blocks of A are packed into panels
// that the inner tile reads front to back.
//
// Every memory access is checked against the memory's size, which costs as much as the arithmetic on
// it. The tile therefore loads four rows of A at once and spreads them from a register.

import { multiplyAdd, storeFirst } from "./vector";
import { workspace } from "./workspace";

/** Rows and columns of the register tile: 8 vector accumulators. */
const TILE_ROWS: i32 = 4;
const TILE_COLUMNS: i32 = 8;

/** Depth of a block: its panel of B (8 KiB) stays in the first-level cache. */
const BLOCK_DEPTH: i32 = 256;

/** Rows of a packed block of A (128 KiB): stays in the second-level cache. */
const BLOCK_ROWS: i32 = 128;

/** Where the tile at an edge of C is computed, behind the block of A. */
// @ts-ignore: decorator
@inline
function edgeTile(): usize {
  return workspace + ((BLOCK_ROWS * BLOCK_DEPTH) << 2);
}

/**
 * Copies four lines of `depth` elements that lie one after the other: the first elements of all four,
 * then the second ones, and so on, `targetStride` bytes apart.
 */
function packQuad(target: usize, targetStride: usize, source: usize, lineBytes: usize, depth: i32): void {
  const source2 = source + 2 * lineBytes;
  let p = 0;
  for (; p + 4 <= depth; p += 4) {
    const at = <usize> p << 2;
    const a = v128.load(source + at);
    const b = v128.load(source + lineBytes + at);
    const c = v128.load(source2 + at);
    const d = v128.load(source2 + lineBytes + at);
    const abLow = v128.shuffle<f32>(a, b, 0, 4, 1, 5), abHigh = v128.shuffle<f32>(a, b, 2, 6, 3, 7);
    const cdLow = v128.shuffle<f32>(c, d, 0, 4, 1, 5), cdHigh = v128.shuffle<f32>(c, d, 2, 6, 3, 7);
    v128.store(target, v128.shuffle<f64>(abLow, cdLow, 0, 2));
    v128.store(target + targetStride, v128.shuffle<f64>(abLow, cdLow, 1, 3));
    v128.store(target + 2 * targetStride, v128.shuffle<f64>(abHigh, cdHigh, 0, 2));
    v128.store(target + 3 * targetStride, v128.shuffle<f64>(abHigh, cdHigh, 1, 3));
    target += targetStride << 2;
  }
  for (; p < depth; p++, target += targetStride) {
    const at = <usize> p << 2;
    store<f32>(target, load<f32>(source + at));
    store<f32>(target, load<f32>(source + lineBytes + at), 4);
    store<f32>(target, load<f32>(source2 + at), 8);
    store<f32>(target, load<f32>(source2 + lineBytes + at), 12);
  }
}

/** Copies up to four lines as {@link packQuad} does, elements any distance apart; missing lines are 0. */
function packLines(
  target: usize,
  targetStride: usize,
  source: usize,
  lineStride: i32,
  depthStride: i32,
  lines: i32,
  depth: i32,
): void {
  const lineBytes = <usize> lineStride << 2;
  for (let p = 0; p < depth; p++, target += targetStride, source += <usize> depthStride << 2) {
    if (lineStride == 1 && lines == 4) {
      v128.store(target, v128.load(source));
    } else {
      v128.store(target, f32x4.splat(0));
      let from = source;
      for (let line = 0; line < lines; line++, from += lineBytes) {
        store<f32>(target + (<usize> line << 2), load<f32>(from));
      }
    }
  }
}

/**
 * Copies a [lines, depth] block into panels of `width` lines, a multiple of four, depth-major within a
 * panel; a last, partial panel is filled with zeros. Strides are in elements.
 */
function pack(
  target: usize,
  source: usize,
  lines: i32,
  depth: i32,
  lineStride: i32,
  depthStride: i32,
  width: i32,
): void {
  const targetStride = <usize> width << 2;
  for (let first = 0; first < lines; first += width) {
    for (let quad = 0; quad < width; quad += 4) {
      const from = source + (<usize> (first + quad) * lineStride << 2);
      const to = target + (<usize> quad << 2);
      const count = max(0, min(4, lines - first - quad));
      if (count == 4 && depthStride == 1) {
        packQuad(to, targetStride, from, <usize> lineStride << 2, depth);
      } else {
        packLines(to, targetStride, from, lineStride, depthStride, count, depth);
      }
    }
    target += targetStride * depth;
  }
}

/**
 * Packs columns of op(B) for {@link multiplyPanels}: panels of 8 columns over the whole depth.
 *
 * @param target [columns rounded up to 8, depth] floats.
 * @param b op(B)[0, first column]; columns and depth are `columnStride` and `depthStride` elements apart.
 */
export function packPanels(
  target: usize,
  b: usize,
  columns: i32,
  depth: i32,
  columnStride: i32,
  depthStride: i32,
): void {
  pack(target, b, columns, depth, columnStride, depthStride, TILE_COLUMNS);
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

/** One 4 x 8 tile of C from a panel of A and a panel of B; `stride` is a row of C in bytes. */
function tile(a: usize, b: usize, depth: i32, c: usize, stride: usize, accumulate: bool): void {
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
    b += TILE_COLUMNS << 2;
  }
  storeRow(c, c00, c01, accumulate);
  storeRow(c + stride, c10, c11, accumulate);
  storeRow(c + 2 * stride, c20, c21, accumulate);
  storeRow(c + 3 * stride, c30, c31, accumulate);
}

/** The part of a tile that lies in C. */
function tileAtEdge(
  a: usize,
  b: usize,
  depth: i32,
  c: usize,
  stride: usize,
  accumulate: bool,
  rows: i32,
  columns: i32,
): void {
  tile(a, b, depth, edgeTile(), TILE_COLUMNS << 2, false);
  for (let row = 0; row < rows; row++) {
    const from = edgeTile() + (<usize> row * (TILE_COLUMNS << 2));
    const to = c + <usize> row * stride;
    for (let j = 0; j < columns; j += 4) {
      const at = <usize> j << 2;
      let sum = v128.load(from + at);
      if (accumulate) sum = f32x4.add(sum, v128.load(to + at));
      storeFirst(to + at, sum, columns - j);
    }
  }
}

/**
 * C = op(A) op(B) for rows of A and panels of op(B). Each element sums up in the same order whatever
 * part of C it is computed with.
 *
 * @param a op(A), its rows and depth `rowStride` and `depthStride` elements apart.
 * @param panels As {@link packPanels} packs them.
 * @param c C[first row, first column], its rows `strideC` elements apart.
 * @param depth At least 1.
 */
export function multiplyPanels(
  a: usize,
  panels: usize,
  c: usize,
  rows: i32,
  columns: i32,
  depth: i32,
  rowStride: i32,
  depthStride: i32,
  strideC: i32,
): void {
  const stride = <usize> strideC << 2;
  for (let p = 0; p < depth; p += BLOCK_DEPTH) {
    const blockDepth = min(BLOCK_DEPTH, depth - p);
    for (let i = 0; i < rows; i += BLOCK_ROWS) {
      const blockRows = min(BLOCK_ROWS, rows - i);
      const from = a + ((<usize> i * rowStride + <usize> p * depthStride) << 2);
      pack(workspace, from, blockRows, blockDepth, rowStride, depthStride, TILE_ROWS);
      for (let j = 0; j < columns; j += TILE_COLUMNS) {
        const panel = panels + ((<usize> j * depth + <usize> p * TILE_COLUMNS) << 2);
        for (let r = 0; r < blockRows; r += TILE_ROWS) {
          const rowPanel = workspace + ((<usize> r * blockDepth) << 2);
          const to = c + <usize> (i + r) * stride + (<usize> j << 2);
          const height = min(TILE_ROWS, blockRows - r), width = min(TILE_COLUMNS, columns - j);
          if (height == TILE_ROWS && width == TILE_COLUMNS) {
            tile(rowPanel, panel, blockDepth, to, stride, p > 0);
          } else {
            tileAtEdge(rowPanel, panel, blockDepth, to, stride, p > 0, height, width);
          }
        }
      }
    }
  }
}
