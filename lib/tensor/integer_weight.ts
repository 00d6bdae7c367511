import { require } from "../core/mod.ts";
import { depthStep, requireDepth } from "./integer_product.ts";

/** Weight codes `[rows, columns]` on a grid per row and group: `scale * (code - zeroPoint)`. */
export interface WeightCodes {
  rows: number;
  columns: number;
  /** `[rows, columns]`, 0..255. */
  codes: Uint8Array;
  /** `[rows, groups]`. */
  scale: Float32Array;
  /** `[rows, groups]`, 0..255. */
  zeroPoint: Uint8Array;
  /** `[columns]`, the group of each column. */
  groupIndex: Int32Array;
}

/** How the activations that meet a weight are coded: `step * 2^shift[c] * (code - zeroPoint)`. */
export interface ActivationGrid {
  step: number;
  /** 0..255. */
  zeroPoint: number;
  /** `[columns]`, 0..8. */
  shift: Uint8Array;
}

/**
 * A weight for {@linkcode integerLinear}. Its columns stand in blocks that share a scale per row, each
 * padded to a multiple of 16; blocks lie one after the other.
 */
export interface IntegerWeight {
  rows: number;
  /** 4: two codes to a byte; 8: signed bytes, the code less 128. */
  bits: 4 | 8;
  /** Per block `[rows, depth * bits / 8]`. */
  codes: Uint8Array;
  /** How many places each block has. */
  depths: number[];
  /** `[places]`, the column at each place; -1 for padding. */
  order: Int32Array;
  /** `[places]`, what 4-bit weights are multiplied by: TRIP's power of two. */
  factor: Int16Array;
  /** `[blocks, rows]`, the product of both steps. */
  scale: Float32Array;
  /** `[blocks, rows]`, the code of zero. */
  zeroPoint: Uint8Array;
  /** `[blocks, rows]`, what the activations' zero point adds to a sum of products. */
  offset: Int32Array;
}

/** A code of four bits less its zero point, up to 15 in magnitude, may be shifted as far in a byte. */
const furthestFold = 3;

/**
 * Brings a weight into the form that integer products read, for activations on a certain grid.
 *
 * Codes up to 15 are held in four bits, and the powers of two of the activations (fig. 6) are
 * multiplied into them, exactly: 15 * 2^3 fits a signed byte. Where that does not fit, in 8-bit
 * weights or beyond 2^3, columns with the same power form a block of their own.
 *
 * @throws {InputError} If the grid has not one shift per column or a block is too deep.
 */
export function packWeight(weight: WeightCodes, grid: ActivationGrid): IntegerWeight {
  const { rows, columns, codes, groupIndex } = weight;
  const action = "pack a weight";
  const { shift } = grid;
  require(shift.length === columns, action, `it needs ${columns} shifts`, shift.length);
  const bits = codes.every((code) => code < 16) && weight.zeroPoint.every((code) => code < 16)
    ? 4
    : 8;
  const folds = bits === 4 && shift.every((power) => power <= furthestFold);
  const blocks = columnBlocks(groupIndex, folds ? new Uint8Array(columns) : shift);
  const depths = blocks.map((block) => Math.ceil(block.length / depthStep) * depthStep);
  depths.forEach((depth) => requireDepth(depth, action));
  const order = new Int32Array(depths.reduce((sum, depth) => sum + depth, 0)).fill(-1);
  const packed: IntegerWeight = {
    rows,
    bits,
    codes: new Uint8Array(rows * order.length * bits / 8),
    depths,
    order,
    factor: new Int16Array(order.length),
    scale: new Float32Array(blocks.length * rows),
    zeroPoint: new Uint8Array(blocks.length * rows),
    offset: new Int32Array(blocks.length * rows),
  };
  let start = 0;
  blocks.forEach((block, index) => {
    order.set(block, start);
    packed.factor.set(block.map((column) => folds ? 2 ** shift[column] : 1), start);
    const step = folds ? grid.step : grid.step * 2 ** shift[block[0]];
    for (let row = 0; row < rows; row++) {
      fillRow(packed, weight, { row, block, index, start, step, zeroPoint: grid.zeroPoint });
    }
    start += depths[index];
  });
  return packed;
}

/** Columns by group and power, in ascending order. */
function columnBlocks(groupIndex: Int32Array, powers: Uint8Array): number[][] {
  const blocks = new Map<number, number[]>();
  groupIndex.forEach((group, column) => {
    const key = group * 256 + powers[column];
    const block = blocks.get(key);
    if (block) block.push(column);
    else blocks.set(key, [column]);
  });
  return [...blocks].sort(([a], [b]) => a - b).map(([, block]) => block);
}

/** Where {@linkcode fillRow} works, and the activations' step and code of zero there. */
interface BlockRow {
  row: number;
  block: number[];
  index: number;
  start: number;
  step: number;
  zeroPoint: number;
}

function fillRow(
  packed: IntegerWeight,
  { rows, columns, codes, scale, zeroPoint, groupIndex }: WeightCodes,
  { row, block, index, start, step, zeroPoint: activationZero }: BlockRow,
): void {
  const { bits, depths, factor } = packed;
  const grid = row * scale.length / rows + groupIndex[block[0]];
  const zero = zeroPoint[grid];
  const place = (rows * start + row * depths[index]) * bits / 8;
  let sum = 0;
  block.forEach((column, p) => {
    const code = codes[row * columns + column];
    sum += (code - zero) * factor[start + p];
    if (bits === 8) packed.codes[place + p] = code ^ 128;
    else packed.codes[place + (p >> 4) * 8 + p % 8] |= p % 16 < 8 ? code : code << 4;
  });
  packed.scale[index * rows + row] = step * scale[grid];
  packed.zeroPoint[index * rows + row] = zero;
  packed.offset[index * rows + row] = activationZero * sum;
}
