import { counted, require } from "../core/mod.ts";
import type { AffineMatrix, CommonStep } from "../format/mod.ts";
import { tf } from "./tf.ts";

/** A weight for {@linkcode integerLinear}: about 0.59 bytes per 4-bit weight in groups of 128. */
export interface IntegerWeight {
  rows: number;
  columns: number;
  /** 4: two codes to a byte; 8: one. */
  bits: 4 | 8;
  /** Groups of columns with a scale per row of their own. */
  blocks: number;
  /** Places that its columns, and rows that its rows take up with their padding. */
  places: number;
  paddedRows: number;
  /** Where each column stands, as `memory` has it: weights that agree in it can read the same codes. */
  tables: Int32Array;
  /** All of it, as `assembly/integer_weight.ts` describes; whoever packed the weight frees it. */
  memory: tf.Tensor1D;
}

/** Columns of one group whose activations have the same power of two. */
interface Run {
  group: number;
  shift: number;
  columns: number[];
}

/** A code less its zero point, up to 15 in magnitude, may be shifted as far in a signed byte. */
const furthestFold = 3;

/** Rows side by side in memory, and places of one step. */
const [panelRows, stepPlaces] = [8, 4];

/** Places whose products, of codes of four bits, fit 16 bits when added in pairs. */
const chainPlaces = 32;

/** The deepest block whose sums of products cannot leave 32 bits: 255 * 255 * depth. */
const deepest = 2 ** 15;

/** Places of which a thread's workspace holds a panel. */
const mostPlaces = 2 ** 16;

/** 32-bit integers in front: six counts, seven starts, whether sums are wide, and padding. */
const headWords = 16;

/**
 * Brings a weight into the form that integer products read, for activations on a certain grid.
 *
 * Codes of up to four bits are held in four. The powers of two of the activations (fig. 6) multiply sums of
 * products inside a block, exactly; in 8-bit weights, and beyond 2^3, columns with another power
 * form a block of their own.
 *
 * @throws {InputError} If a zero point of the weight is no code, the grid has not one shift per column or a
 *   block is too deep.
 */
export function packWeight(
  weight: AffineMatrix,
  { step, shift }: Pick<CommonStep, "step" | "shift">,
): IntegerWeight {
  const { rows, columns, groups, groupIndex } = weight;
  const action = "pack a weight";
  require(shift.length === columns, action, `it needs ${counted(columns, "shift")}`, shift.length);
  const zeroPoint = weight.zeroPoints();
  const integral = zeroPoint instanceof Uint8Array;
  require(integral, action, "its zero points must be integers", zeroPoint);
  const bits = weight.bits <= 4 ? 4 : 8;
  const folds = bits === 4 && shift.every((power) => power <= furthestFold);
  const runs = runsOf(groupIndex, shift);
  const blocks = folds ? joinGroups(runs) : runs.map((run) => [run]);
  const layout = layOut(blocks, folds, columns, bits === 4);
  const places = layout.order.length;
  require(
    places <= mostPlaces,
    action,
    `its columns may take up at most ${mostPlaces} places`,
    places,
  );
  const paddedRows = roundUp(rows, panelRows);
  const panelBytes = places * panelRows * bits / 8;
  const tables = [layout.table, layout.chains, layout.order.map((column) => 4 * column)];
  const grids = blocks.length * paddedRows;
  const SumArray = sumsAreNarrow(bits, layout) ? Int16Array : Int32Array;
  const sumBytes = SumArray.BYTES_PER_ELEMENT;
  const sizes = [
    ...tables.map((table) => 4 * table.length),
    ...[4 * grids, grids, sumBytes * grids, paddedRows / panelRows * panelBytes],
  ];
  const starts = startsOf(4 * headWords, sizes);
  const memory = new Int32Array((starts.at(-1)! + roundUp(sizes.at(-1)!, 16)) / 4);
  memory.set([rows, paddedRows, places, bits, blocks.length, panelBytes, ...starts, sumBytes]);
  tables.forEach((table, index) => memory.set(table, starts[index] / 4));
  const [scaleStart, zeroStart, sumStart, codeStart] = starts.slice(tables.length);
  const stored = weight.scales();
  const scale = new Float32Array(memory.buffer, scaleStart, grids);
  const zero = new Uint8Array(memory.buffer, zeroStart, grids);
  const sums = new SumArray(memory.buffer, sumStart, grids);
  blocks.forEach(([{ group, shift }], block) => {
    const finest = folds ? step : step * 2 ** shift;
    for (let row = 0; row < rows; row++) {
      const grid = block * paddedRows + row;
      scale[grid] = finest * stored[row * groups + group];
      zero[grid] = zeroPoint[row * groups + group];
      sums[grid] = -zero[grid] * layout.table[4 * block + 1];
    }
  });
  fillPanels(new Uint8Array(memory.buffer, codeStart), panelBytes, weight, layout, bits);
  addCodes(sums, paddedRows, weight, layout);
  return {
    ...{ rows, columns, bits, blocks: blocks.length, places, paddedRows },
    tables: Int32Array.from(tables.flat()),
    memory: tf.tensor1d(memory, "int32"),
  };
}

/** Columns by group and power, in ascending order. */
function runsOf(groupIndex: Int32Array, shift: Uint8Array): Run[] {
  const runs = new Map<number, Run>();
  groupIndex.forEach((group, column) => {
    const key = group * 256 + shift[column];
    const run = runs.get(key);
    if (run) run.columns.push(column);
    else runs.set(key, { group, shift: shift[column], columns: [column] });
  });
  return [...runs].sort(([a], [b]) => a - b).map(([, run]) => run);
}

/** The runs of each group together. */
function joinGroups(runs: Run[]): Run[][] {
  return [...Map.groupBy(runs, ({ group }) => group).values()];
}

/** Which column stands where, and the tables of blocks and chains of `assembly/integer_weight.ts`. */
interface Layout {
  order: number[];
  chains: number[];
  table: number[];
}

/** @param folds Whether a block has several powers of two; else its scale has its only one. */
function layOut(blocks: Run[][], folds: boolean, padding: number, evenSteps: boolean): Layout {
  const [order, chains, table]: number[][] = [[], [], []];
  for (const runs of blocks) {
    const place = order.length;
    const firstChain = chains.length;
    let factors = 0;
    for (const { shift, columns } of runs) {
      const factor = folds ? 2 ** shift : 1;
      factors += factor * columns.length;
      const isLast = evenSteps && columns === blocks.at(-1)!.at(-1)!.columns;
      const behind = order.length + columns.length;
      const end = roundUp(behind, isLast ? 2 * stepPlaces : stepPlaces);
      for (let at = order.length; at < end; at += chainPlaces) {
        const steps = Math.min(chainPlaces, end - at) / stepPlaces;
        chains.push(at, at * panelRows, steps, factor);
      }
      for (const column of columns) order.push(column);
      while (order.length < end) order.push(padding);
    }
    const summed = runs.reduce((sum, { columns }) => sum + columns.length, 0);
    require(
      summed <= deepest,
      "pack a weight",
      `at most ${deepest} columns may be summed up`,
      summed,
    );
    const depth = order.length - place;
    table.push((chains.length - firstChain) / 4, factors, place, depth);
  }
  return { order, chains, table };
}

/** Writes codes into panels of eight rows, two 4-bit codes or one wider one to a byte. */
function fillPanels(
  panels: Uint8Array,
  panelBytes: number,
  weight: AffineMatrix,
  { order }: Layout,
  bits: 4 | 8,
): void {
  const { rows, columns } = weight;
  const step = stepPlaces * panelRows;
  const codes = new Uint8Array(columns);
  for (let row = 0; row < rows; row++) {
    weight.readCodes(row, codes);
    const panel = Math.floor(row / panelRows) * panelBytes;
    const inStep = row % panelRows * stepPlaces;
    for (let place = 0; place < order.length; place++) {
      const column = order[place];
      if (column === columns) continue;
      const at = Math.floor(place / stepPlaces) * step + inStep + place % stepPlaces;
      const code = codes[column];
      if (bits === 4 && at >= panelBytes) panels[panel + at - panelBytes] |= code << 4;
      else panels[panel + at] |= code;
    }
  }
}

/** Whether the sums over the blocks, of 4-bit codes less a zero point times powers of two, fit 16 bits. */
function sumsAreNarrow(bits: 4 | 8, { table }: Layout): boolean {
  return bits === 4 && table.every((factors, word) => word % 4 !== 1 || 15 * factors < 2 ** 15);
}

/** Adds to each row's sum of a block its codes times their powers of two. */
function addCodes(
  sums: Int16Array | Int32Array,
  paddedRows: number,
  weight: AffineMatrix,
  { order, chains, table }: Layout,
): void {
  const codes = new Uint8Array(weight.columns + 1); // the last one is that of padding
  for (let row = 0; row < weight.rows; row++) {
    weight.readCodes(row, codes.subarray(0, weight.columns));
    for (let block = 0, chain = 0; 4 * block < table.length; block++) {
      let sum = 0;
      for (const last = chain + 4 * table[4 * block]; chain < last; chain += 4) {
        let own = 0;
        const end = chains[chain] + stepPlaces * chains[chain + 2];
        for (let place = chains[chain]; place < end; place++) own += codes[order[place]];
        sum += own * chains[chain + 3];
      }
      sums[block * paddedRows + row] += sum;
    }
  }
}

/** Where parts of these sizes start, one after the other, each at a multiple of 16. */
function startsOf(first: number, sizes: number[]): number[] {
  let end = first;
  return sizes.map((size) => {
    const start = end;
    end += roundUp(size, 16);
    return start;
  });
}

function roundUp(count: number, step: number): number {
  return Math.ceil(count / step) * step;
}
