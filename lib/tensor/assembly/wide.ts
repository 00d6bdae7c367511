// Float64 arithmetic of triangular matrices. Each element meets its products one after the other, multiplied
// and then subtracted, so that neither the tiles nor the division into calls changes a bit.
//
// The rows of a triangle get shorter: the step from one to the next, `stride` bytes, is less by `shrink` bytes
// with every row. Rows of a rectangle have a `shrink` of 0.

import { workspace } from "./workspace";

/** Rows and columns of the register tile: 8 vector accumulators. */
const TILE: i32 = 4;

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

/** A 4 x 4 tile of C, given by its rows, minus the product of a panel of A and a panel of B. */
function tile(a: usize, b: usize, depth: i32, c0: usize, c1: usize, c2: usize, c3: usize): void {
  let c00 = v128.load(c0), c01 = v128.load(c0, 16);
  let c10 = v128.load(c1), c11 = v128.load(c1, 16);
  let c20 = v128.load(c2), c21 = v128.load(c2, 16);
  let c30 = v128.load(c3), c31 = v128.load(c3, 16);
  for (const end = a + ((<usize> depth * TILE) << 3); a < end; a += TILE << 3, b += TILE << 3) {
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
  tile(a, b, depth, edge, edge + 32, edge + 64, edge + 96);
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
            tile(panel, packedPanel(), span, corner, c1, c2, c3);
          } else {
            tileAtEdge(panel, packedPanel(), span, corner, stride, shrinkC, bottom - i, columns - j);
          }
        }
      }
    }
  }
}

/** x[j] -= factor * y[j]. */
// @ts-ignore: decorator
@inline
function subtractMultiple(count: i32, x: usize, factor: f64, y: usize): void {
  const factors = f64x2.splat(factor);
  let j = 0;
  for (; j + 2 <= count; j += 2, x += 16, y += 16) {
    v128.store(x, f64x2.sub(v128.load(x), f64x2.mul(factors, v128.load(y))));
  }
  if (j < count) store<f64>(x, load<f64>(x) - factor * load<f64>(y));
}

/**
 * C[rows, width] = C S^-1, the last column first.
 *
 * @param s `[width, width]`, lower triangular, its rows without gaps.
 */
export function solveRows(rows: i32, width: i32, c: usize, stride: i32, shrink: i32, s: usize): void {
  for (let row = 0; row < rows; row++, c += <usize> stride, stride -= shrink) {
    for (let k = width - 1; k >= 0; k--) {
      const own = c + (<usize> k << 3);
      const line = s + (<usize> (k * width) << 3);
      const x = load<f64>(own) / load<f64>(line + (<usize> k << 3));
      store<f64>(own, x);
      subtractMultiple(k, c, x, line);
    }
  }
}

/**
 * C[rows, columns] = R^-1 C, the last row first.
 *
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
  for (let row = rows - 1; row >= 0; row--) {
    const own = rowAt(c, stride, shrink, row);
    const line = r + <usize> (row * strideR);
    for (let k = rows - 1; k > row; k--) {
      subtractMultiple(columns, own, load<f64>(line + (<usize> k << 3)), rowAt(c, stride, shrink, k));
    }
    const diagonal = load<f64>(line + (<usize> row << 3));
    for (let j = 0; j < columns; j++) {
      const at = own + (<usize> j << 3);
      store<f64>(at, load<f64>(at) / diagonal);
    }
  }
}
