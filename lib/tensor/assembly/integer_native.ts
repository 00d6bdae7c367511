// Linear layers in integers whose products a native library computes, block by block of the columns. A
// thread works on a tile of the output at a time: it brings the codes of the weight into the bytes that
// the library reads, and scales and adds the sums, while its second-level cache holds them.

import { expandPanel } from "./expand_weight";
import { Block, IntegerWeight, PANEL } from "./integer_weight";
import { addNarrowBlocks, addWideBlocks } from "./scaled_sums";
import { workspace } from "./workspace";

/**
 * c = a b^T: unsigned bytes [m, k] times signed bytes [n, k], in 32-bit integers, for so many
 * {@link Product}s.
 *
 * @param panels Whether b lies as {@link expandPanel} writes it for panels.
 */
// @ts-ignore: decorator
@external("env", "multiplyBytes")
declare function multiplyBytes(products: usize, count: i32, m: i32, n: i32, panels: bool): void;

/** Matrices of a product, and what its sums run over. */
// @ts-ignore: decorator
@unmanaged
class Product {
  a: usize;
  b: usize;
  c: usize;
  k: i32;
}

/** Rows and, at most, columns of a tile. */
const ROWS: i32 = 64;
const COLUMNS: i32 = 256;

/** The library's panels of the weight: so many columns, so many rows or a multiple. */
const PANEL_COLUMNS: i32 = 64;
const PANEL_DEPTH: i32 = 64;

/** A page: what begins on one the library reads and writes fastest. */
const PAGE: usize = 4096;

/**
 * Bytes of the workspace: a table of products, sums of a tile, and expanded weights
 * (twice as many if a block is so deep that {@link PANEL_COLUMNS} columns of it need them).
 */
const PRODUCTS: i32 = 256;
const TABLE_BYTES: usize = 4096;
const SUM_BYTES: i32 = 397312;
const EXPANDED_BYTES: i32 = 524288;

/** From the sums of one block to the next: a little more than they take, lest all share lines of a cache. */
const SKEW: i32 = 320;

/**
 * y = bias + a W^T for some rows and panels, as `integerLinear` computes it, the products by the native
 * library.
 *
 * @param y Floats [rows, rows of the weight].
 * @param a As unsigned `quantizeCodes` gives them: bytes, block by block [padded rows, depth].
 * @param rowSums 32-bit integers [rows / 4, blocks, 4].
 * @param paddedRows A multiple of 16.
 * @param bias Floats [padded rows of the weight].
 * @param zeroPoint The code of zero of the activations.
 * @param panels As the library wants weights.
 * @param firstRow As `lastRow`, which is exclusive: a multiple of 16 but for the last row of all.
 * @param firstPanel As `lastPanel`, which is exclusive: of the weight's panels of 8 rows.
 */
export function nativeIntegerLinear(
  y: usize,
  a: usize,
  rowSums: usize,
  paddedRows: i32,
  head: usize,
  bias: usize,
  zeroPoint: i32,
  panels: bool,
  firstRow: i32,
  lastRow: i32,
  firstPanel: i32,
  lastPanel: i32,
): void {
  const weight = changetype<IntegerWeight>(head);
  const width = tileColumns(weight);
  for (let p = firstPanel; p < lastPanel; p += width / PANEL) {
    const end = min(p + width / PANEL, lastPanel);
    let block = weight.block(), chain = weight.chain();
    for (let first = 0; first < weight.blocks;) {
      const count = blocksAtOnce(block, weight.blocks - first, width);
      chain = expand(block, chain, first, count, weight, panels, p, end);
      for (let row = firstRow; row < lastRow; row += ROWS) {
        const rows = min(ROWS, lastRow - row);
        multiplyTile(y, a, rowSums, paddedRows, block, first, count, weight, bias, zeroPoint, panels, row, rows, p, end);
      }
      block += <usize> count << 4;
      first += count;
    }
  }
}

/**
 * As many columns as leave room for the deepest block of a weight: more of them make products faster, and
 * blocks that do not fit beside each other take turns.
 */
function tileColumns(weight: IntegerWeight): i32 {
  let deepest = 0, width = COLUMNS;
  for (let b = 0, block = weight.block(); b < weight.blocks; b++, block += 16) {
    deepest = max(deepest, paddedDepth(block));
  }
  while (width > PANEL_COLUMNS && width * deepest > EXPANDED_BYTES) width >>= 1;
  return width;
}

/** How many of these blocks, `most` or fewer, leave room for each other: at least one. */
function blocksAtOnce(block: usize, most: i32, width: i32): i32 {
  let count = 0, bytes = 0;
  for (; count < most; count++, block += 16) {
    bytes += paddedDepth(block) * width;
    if (count > 0 && bytes > EXPANDED_BYTES) break;
  }
  return count;
}

/** The places of a block, padded as the library's panels are. */
// @ts-ignore: decorator
@inline
function paddedDepth(block: usize): i32 {
  return changetype<Block>(block).depth + PANEL_DEPTH - 1 & -PANEL_DEPTH;
}

// @ts-ignore: decorator
@inline
function sumsStart(): usize {
  return workspace + TABLE_BYTES + PAGE - 1 & -PAGE;
}

/** From the sums of one block to those of the next. */
// @ts-ignore: decorator
@inline
function sumBytes(m: i32, columns: i32): usize {
  return (<usize> (m * columns) << 2) + SKEW;
}

/** Columns of the tile from panel to panel, as the library sees them. */
// @ts-ignore: decorator
@inline
function columnsOf(firstPanel: i32, lastPanel: i32, panels: bool): i32 {
  const columns = (lastPanel - firstPanel) * PANEL;
  return panels ? columns + PANEL_COLUMNS - 1 & -PANEL_COLUMNS : columns;
}

/** Expands some blocks of some panels; returns the chain behind them. */
function expand(
  block: usize,
  chain: usize,
  first: i32,
  count: i32,
  weight: IntegerWeight,
  panels: bool,
  firstPanel: i32,
  lastPanel: i32,
): usize {
  const columns = columnsOf(firstPanel, lastPanel, panels);
  const target = sumsStart() + SUM_BYTES;
  let end = chain;
  for (let p = firstPanel; p < lastPanel; p++) {
    const column = (p - firstPanel) * PANEL;
    end = expandPanel(target, columns, column, block, chain, first, count, weight, panels, p);
  }
  return end;
}

/** Multiplies rows of one tile by the expanded blocks, so many at a time as leave room for their sums. */
function multiplyTile(
  y: usize,
  a: usize,
  rowSums: usize,
  paddedRows: i32,
  block: usize,
  first: i32,
  count: i32,
  weight: IntegerWeight,
  bias: usize,
  zeroPoint: i32,
  panels: bool,
  row: i32,
  rows: i32,
  firstPanel: i32,
  lastPanel: i32,
): void {
  const columns = columnsOf(firstPanel, lastPanel, panels), column = firstPanel * PANEL;
  const m = rows + 15 & -16;
  const sums = sumsStart(), stride = sumBytes(m, columns);
  const most = min(SUM_BYTES / <i32> stride, PRODUCTS);
  let b = sums + SUM_BYTES;
  for (let done = 0; done < count;) {
    const some = min(most, count - done);
    for (let i = 0; i < some; i++, block += 16) {
      const depth = changetype<Block>(block).depth;
      const product = changetype<Product>(workspace + (<usize> i << 4));
      product.a = a + <usize> changetype<Block>(block).place * paddedRows + <usize> row * depth;
      product.b = b;
      product.c = sums + <usize> i * stride;
      product.k = depth;
      b += <usize> (panels ? paddedDepth(block) : depth) * columns;
    }
    multiplyBytes(workspace, some, m, columns, panels);
    if (weight.bits == 4) {
      addNarrowBlocks(y, bias, sums, stride, columns, rowSums, zeroPoint, row, rows, column, first + done, some, weight);
    } else {
      addWideBlocks(y, bias, sums, stride, columns, rowSums, zeroPoint, row, rows, column, first + done, some, weight);
    }
    done += some;
  }
}
