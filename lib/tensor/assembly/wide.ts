// Float64 arithmetic of triangular matrices. Each element meets its products one after the other, multiplied
// and then subtracted, so that neither the tiles nor the division into calls changes a bit.
//
// The rows of a triangle get shorter: the step from one to the next, `stride` bytes, is less by `shrink` bytes
// with every row. Rows of a rectangle have a `shrink` of 0.

import { workspace } from "./workspace";

/** Rows and columns of the register tile: 8 vector accumulators. */
const TILE: i32 = 4;

/** Bytes from one row of a packed panel to the next. */
const PACKED: usize = <usize> TILE << 3;

/** Depth of a block: a panel of B (8 KiB) stays in the first-level cache. */
const BLOCK_DEPTH: i32 = 256;

/** Rows of a packed block of A (256 KiB): stays in the second-level cache. */
const BLOCK_ROWS: i32 = 128;

// @ts-ignore: decorator
@inline
function packedPanel(): usize {
  return workspace + ((BLOCK_ROWS * BLOCK_DEPTH) << 3);
}

// @ts-ignore: decorator
@inline
function edgeTile(): usize {
  return packedPanel() + ((BLOCK_DEPTH * TILE) << 3);
}

/** Where row `index` starts, the first one being at `start`. */
// @ts-ignore: decorator
@inline
function rowAt(start: usize, stride: i32, shrink: i32, index: i32): usize {
  return start + <usize> (index * stride - shrink * (index * (index - 1) / 2));
}

/** target[k, lane] = element k of up to four rows, `step` bytes apart; 0 in the other lanes. */
function packRows(
  rows: i32,
  depth: i32,
  target: usize,
  source: usize,
  stride: i32,
  shrink: i32,
  step: i32,
): void {
  if (rows >= TILE) {
    let row0 = source, row1 = row0 + <usize> stride;
    let row2 = row1 + <usize> (stride - shrink), row3 = row2 + <usize> (stride - 2 * shrink);
    for (const end = target + <usize> depth * PACKED; target < end; target += PACKED) {
      v128.store(target, v128.load64_lane(row1, v128.load64_zero(row0), 1));
      v128.store(target, v128.load64_lane(row3, v128.load64_zero(row2), 1), 16);
      row0 += <usize> step;
      row1 += <usize> step;
      row2 += <usize> step;
      row3 += <usize> step;
    }
    return;
  }
  for (let lane = 0; lane < TILE; lane++, source += <usize> stride, stride -= shrink) {
    let to = target + (<usize> lane << 3), from = source;
    for (let k = 0; k < depth; k++, to += TILE << 3, from += <usize> step) {
      store<f64>(to, lane < rows ? load<f64>(from) : 0);
    }
  }
}

/**
 * target[k, j] = source[k, j] of up to four columns; 0 in the others, and where j < missing - k: what is left of
 * the diagonal.
 */
function packColumns(
  columns: i32,
  depth: i32,
  target: usize,
  source: usize,
  stride: i32,
  shrink: i32,
  missing: i32,
): void {
  for (let k = 0; k < depth; k++, target += TILE << 3) {
    if (columns >= TILE && missing <= k) {
      v128.store(target, v128.load(source));
      v128.store(target, v128.load(source, 16), 16);
    } else {
      for (let j = 0; j < TILE; j++) {
        const isThere = j < columns && j >= missing - k;
        store<f64>(target + (<usize> j << 3), isThere ? load<f64>(source + (<usize> j << 3)) : 0);
      }
    }
    source += <usize> stride;
    stride -= shrink;
  }
}

/**
 * A 4 x 4 tile of C, given by its rows, minus the product of a panel of A and four columns of B, whose rows lie
 * `stepB` bytes apart: those of a panel {@link PACKED}.
 */
function tile(
  a: usize,
  b: usize,
  stepB: usize,
  depth: i32,
  c0: usize,
  c1: usize,
  c2: usize,
  c3: usize,
): void {
  let c00 = v128.load(c0), c01 = v128.load(c0, 16);
  let c10 = v128.load(c1), c11 = v128.load(c1, 16);
  let c20 = v128.load(c2), c21 = v128.load(c2, 16);
  let c30 = v128.load(c3), c31 = v128.load(c3, 16);
  for (const end = a + ((<usize> depth * TILE) << 3); a < end; a += PACKED, b += stepB) {
    const left = v128.load(b), right = v128.load(b, 16);
    let rows = v128.load(a);
    let row = v128.shuffle<f64>(rows, rows, 0, 0);
    c00 = f64x2.sub(c00, f64x2.mul(row, left));
    c01 = f64x2.sub(c01, f64x2.mul(row, right));
    row = v128.shuffle<f64>(rows, rows, 1, 1);
    c10 = f64x2.sub(c10, f64x2.mul(row, left));
    c11 = f64x2.sub(c11, f64x2.mul(row, right));
    rows = v128.load(a, 16);
    row = v128.shuffle<f64>(rows, rows, 0, 0);
    c20 = f64x2.sub(c20, f64x2.mul(row, left));
    c21 = f64x2.sub(c21, f64x2.mul(row, right));
    row = v128.shuffle<f64>(rows, rows, 1, 1);
    c30 = f64x2.sub(c30, f64x2.mul(row, left));
    c31 = f64x2.sub(c31, f64x2.mul(row, right));
  }
  v128.store(c0, c00);
  v128.store(c0, c01, 16);
  v128.store(c1, c10);
  v128.store(c1, c11, 16);
  v128.store(c2, c20);
  v128.store(c2, c21, 16);
  v128.store(c3, c30);
  v128.store(c3, c31, 16);
}

/** {@link tile} of the tile in the workspace. */
// @ts-ignore: decorator
@inline
function tileInEdge(a: usize, b: usize, stepB: usize, depth: i32): void {
  const edge = edgeTile();
  tile(a, b, stepB, depth, edge, edge + 32, edge + 64, edge + 96);
}

/** The part of a tile that lies in C, `stride` being the step behind its first row. */
function tileAtEdge(
  a: usize,
  b: usize,
  depth: i32,
  c: usize,
  stride: i32,
  shrink: i32,
  rows: i32,
  columns: i32,
): void {
  const edge = edgeTile();
  const rowBytes = <usize> min(columns, TILE) << 3;
  const held = min(rows, TILE);
  for (let i = 0; i < held; i++) {
    memory.copy(edge + (<usize> i << 5), rowAt(c, stride, shrink, i), rowBytes);
  }
  tileInEdge(a, b, PACKED, depth);
  for (let i = 0; i < held; i++) {
    memory.copy(rowAt(c, stride, shrink, i), edge + (<usize> i << 5), rowBytes);
  }
}

/**
 * C[rows, columns] -= A B, depth 0 first.
 *
 * @param a Its elements along the depth lie `stepA` bytes apart.
 * @param b Rows along the depth; with `transposeB` rows along the columns of C, read as those of A are.
 * @param missing Without `transposeB`: row k of B starts `missing - k` columns further to the right, the elements
 *   before being 0.
 */
export function subtractProduct(
  rows: i32,
  columns: i32,
  depth: i32,
  c: usize,
  strideC: i32,
  shrinkC: i32,
  a: usize,
  strideA: i32,
  shrinkA: i32,
  stepA: i32,
  b: usize,
  strideB: i32,
  shrinkB: i32,
  transposeB: i32,
  missing: i32,
): void {
  for (let first = 0; first < depth; first += BLOCK_DEPTH) {
    const span = min(depth - first, BLOCK_DEPTH);
    for (let top = 0; top < rows; top += BLOCK_ROWS) {
      const bottom = min(rows, top + BLOCK_ROWS);
      for (let i = top; i < bottom; i += TILE) {
        packRows(
          bottom - i,
          span,
          workspace + (<usize> ((i - top) * span) << 3),
          rowAt(a, strideA, shrinkA, i) + <usize> (first * stepA),
          strideA - i * shrinkA,
          shrinkA,
          stepA,
        );
      }
      for (let j = 0; j < columns; j += TILE) {
        const hidden = missing - first - j;
        if (transposeB) {
          const from = rowAt(b, strideB, shrinkB, j) + <usize> (first * stepA);
          packRows(columns - j, span, packedPanel(), from, strideB - j * shrinkB, shrinkB, stepA);
        } else {
          if (hidden >= span + TILE - 1) continue; // all of it is 0
          const from = rowAt(b, strideB, shrinkB, first) + (<usize> j << 3);
          const stride = strideB - first * shrinkB;
          packColumns(columns - j, span, packedPanel(), from, stride, shrinkB, hidden);
        }
        for (let i = top; i < bottom; i += TILE) {
          const panel = workspace + (<usize> ((i - top) * span) << 3);
          const corner = rowAt(c, strideC, shrinkC, i) + (<usize> j << 3);
          const stride = strideC - i * shrinkC;
          if (i + TILE <= bottom && j + TILE <= columns) {
            const c1 = corner + <usize> stride;
            const c2 = c1 + <usize> (stride - shrinkC);
            const c3 = c2 + <usize> (stride - 2 * shrinkC);
            tile(panel, packedPanel(), PACKED, span, corner, c1, c2, c3);
          } else {
            tileAtEdge(panel, packedPanel(), span, corner, stride, shrinkC, bottom - i, columns - j);
          }
        }
      }
    }
  }
}

/** Copies the part of C that there is, up to 4 x 4, to the tile in the workspace, whose rest is 0. */
function takeTile(c: usize, stride: i32, shrink: i32, rows: i32, columns: i32): void {
  const edge = edgeTile();
  memory.fill(edge, 0, PACKED * TILE);
  for (let i = 0; i < rows; i++) {
    memory.copy(edge + <usize> i * PACKED, rowAt(c, stride, shrink, i), <usize> columns << 3);
  }
}

/** What {@link takeTile} took comes back. */
function giveTile(c: usize, stride: i32, shrink: i32, rows: i32, columns: i32): void {
  for (let i = 0; i < rows; i++) {
    memory.copy(rowAt(c, stride, shrink, i), edgeTile() + <usize> i * PACKED, <usize> columns << 3);
  }
}

/**
 * C[rows, width] = C S^-1, the last column first.
 *
 * Four rows and columns at a time meet the products of the columns that are solved, which lie in a panel, and
 * then each other's.
 *
 * @param width At most BLOCK_DEPTH.
 * @param s `[width, width]`, lower triangular, its rows without gaps.
 */
export function solveRows(rows: i32, width: i32, c: usize, stride: i32, shrink: i32, s: usize): void {
  const edge = edgeTile(), stepS = <usize> width << 3;
  for (let top = 0; top < rows; top += TILE) {
    const height = min(rows - top, TILE);
    const corner = rowAt(c, stride, shrink, top), step = stride - top * shrink;
    let solved = 0;
    for (let end = width; end > 0; end -= TILE) {
      const left = max(0, end - TILE);
      const there = corner + (<usize> left << 3);
      takeTile(there, step, shrink, height, end - left);
      const first = s + <usize> (width - 1) * stepS + (<usize> left << 3);
      tileInEdge(workspace, first, 0 - stepS, solved);
      for (let k = end - 1; k >= left; k--, solved++) {
        const line = s + <usize> k * stepS, panel = workspace + <usize> solved * PACKED;
        const diagonal = load<f64>(line + (<usize> k << 3));
        for (let i: usize = 0; i < <usize> TILE; i++) {
          const own = edge + i * PACKED;
          const x = load<f64>(own + (<usize> (k - left) << 3)) / diagonal;
          store<f64>(own + (<usize> (k - left) << 3), x);
          store<f64>(panel + (i << 3), x);
          for (let j = left; j < k; j++) {
            const at = own + (<usize> (j - left) << 3);
            store<f64>(at, load<f64>(at) - x * load<f64>(line + (<usize> j << 3)));
          }
        }
      }
      giveTile(there, step, shrink, height, end - left);
    }
  }
}

/** Two columns of a row less a multiple of another row's. */
// @ts-ignore: decorator
@inline
function subtractMultiple(row: usize, factor: v128, other: usize): void {
  v128.store(row, f64x2.sub(v128.load(row), f64x2.mul(factor, v128.load(other))));
}

/**
 * C[rows, columns] = R^-1 C, the last row first, as {@link solveRows} goes about it.
 *
 * @param rows At most BLOCK_ROWS.
 * @param r `[rows, rows]`, upper triangular, its rows `strideR` bytes apart.
 */
export function solveColumns(
  rows: i32,
  columns: i32,
  c: usize,
  stride: i32,
  shrink: i32,
  r: usize,
  strideR: i32,
): void {
  const edge = edgeTile(), panelBytes = <usize> rows * PACKED;
  let packed = workspace;
  for (let end = rows; end > 0; end -= TILE, packed += panelBytes) {
    const top = max(0, end - TILE);
    const last = r + <usize> (top * strideR) + (<usize> (rows - 1) << 3);
    packRows(end - top, rows - end, packed, last, strideR, 0, -8);
  }
  for (let j = 0; j < columns; j += TILE) {
    const width = min(columns - j, TILE);
    packed = workspace;
    let solved = packedPanel();
    for (let end = rows; end > 0; end -= TILE, packed += panelBytes) {
      const top = max(0, end - TILE);
      const there = rowAt(c, stride, shrink, top) + (<usize> j << 3), step = stride - top * shrink;
      takeTile(there, step, shrink, end - top, width);
      tileInEdge(packed, packedPanel(), PACKED, rows - end);
      for (let row = end - 1; row >= top; row--, solved += PACKED) {
        const own = edge + <usize> (row - top) * PACKED;
        const line = r + <usize> (row * strideR);
        for (let k = end - 1; k > row; k--) {
          const factor = v128.load64_splat(line + (<usize> k << 3));
          const other = edge + <usize> (k - top) * PACKED;
          subtractMultiple(own, factor, other);
          subtractMultiple(own + 16, factor, other + 16);
        }
        const diagonal = v128.load64_splat(line + (<usize> row << 3));
        for (let at: usize = 0; at < PACKED; at += 16) {
          const x = f64x2.div(v128.load(own + at), diagonal);
          v128.store(own + at, x);
          v128.store(solved + at, x);
        }
      }
      giveTile(there, step, shrink, end - top, width);
    }
  }
}
