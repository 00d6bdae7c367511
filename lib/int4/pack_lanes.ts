import type { AffineMatrix, CommonStep, LanePanels } from "../format/mod.ts";
import { type Layer, planLayer, scaleOf, zeroPointOf } from "./layer.ts";

/** Outputs in a panel of weights and rows in one of activations. */
export const panelColumns = 16;
export const panelRows = 4;

/** Columns whose products a field of 12 bits can add up. */
const longestRun = 32;

/** Bits of the lower field, which starts from its middle; codes are taken less theirs. */
const fieldBits = 12;
const weightMiddle = 8;
const activationMiddle = 7;

/** Numbers of 32 bits before the weights of a block of a panel: scales and starts of the sums. */
const gridLength = 3 * panelColumns;

/**
 * Brings a weight into the form that the SIMD kernel reads, for activations on a certain grid.
 *
 * @throws {InputError} If the weight or the grid has what {@linkcode linearInt4} refuses.
 */
export function packLanes(weight: AffineMatrix, input: CommonStep): LanePanels {
  const { rows, columns } = weight;
  const layer = planLayer(weight, input);
  const blocks = layer.blocks.map(({ group, runs }) => ({
    group,
    runs: runs.flatMap(({ shift, columns }) =>
      Array.from({ length: Math.ceil(columns.length / longestRun) }, (_, part) => ({
        shift,
        columns: columns.slice(part * longestRun, (part + 1) * longestRun),
      }))
    ),
  }));
  const runs = blocks.flatMap((block) => block.runs);
  const pairs = runs.reduce((sum, { columns }) => sum + Math.ceil(columns.length / 2), 0);
  const panelLength = blocks.length * gridLength + pairs * panelColumns / 2;
  const panels = new ArrayBuffer(4 * panelLength * Math.ceil(rows / panelColumns));
  const codes = new Uint8Array(columns);
  for (let row = 0; row < rows; row++) {
    weight.readCodes(row, codes);
    let start = Math.floor(row / panelColumns) * panelLength;
    for (const block of blocks) start = fillBlock(panels, start, { layer, codes, row, ...block });
  }
  return {
    rows,
    columns,
    order: Int32Array.from(runs.flatMap(({ columns }) => columns)),
    blocks: blocks.length,
    table: Int32Array.from(blocks.flatMap(({ runs }) => [
      runs.length,
      ...runs.flatMap(({ shift, columns }) => [columns.length, shift]),
    ])),
    activationBytes: 4 * panelRows * (pairs + runs.length + blocks.length),
    memory: panels,
  };
}

/** One output of one block, and where its columns are. */
interface BlockRow {
  layer: Layer;
  /** `[columns]`, of this output. */
  codes: Uint8Array;
  row: number;
  group: number;
  runs: { shift: number; columns: number[] }[];
}

/**
 * Writes what belongs to an output into its panel.
 *
 * @param start Where the block begins, in 32-bit integers.
 * @returns Where the next block begins.
 */
function fillBlock(
  panels: ArrayBuffer,
  start: number,
  { layer, codes, row, group, runs }: BlockRow,
): number {
  const [pairs, integers, floats] = [Int16Array, Int32Array, Float32Array]
    .map((View) => new View(panels));
  const lane = row % panelColumns;
  // Outputs 0 to 3 are the upper fields of a vector of four lanes, outputs 4 to 7 the lower ones.
  const isUpper = lane % 8 < 4;
  const vectorLane = 4 * Math.floor(lane / 8) + lane % 4;
  const zero = zeroPointOf(layer, row, group) - weightMiddle;
  let [at, sum, total, middles] = [start + gridLength, 0, 0, 0];
  for (const { shift, columns } of runs) {
    columns.forEach((column, place) => {
      const code = codes[column];
      const field = isUpper ? (code - weightMiddle) * 2 ** fieldBits : code;
      pairs[2 * (at + (place >> 1) * panelColumns / 2 + vectorLane) + place % 2] += field;
      sum += (code - weightMiddle) * 2 ** shift;
      total += 2 ** shift;
    });
    middles += 2 ** (fieldBits - 1 + shift);
    at += Math.ceil(columns.length / 2) * panelColumns / 2;
  }
  const offset = (layer.input.zeroPoint - activationMiddle) * (sum - zero * total);
  floats[start + lane] = scaleOf(layer, row, group);
  integers[start + panelColumns + lane] = -offset - (isUpper ? 0 : middles);
  integers[start + 2 * panelColumns + lane] = -zero;
  return at;
}
