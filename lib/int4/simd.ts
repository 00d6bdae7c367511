import { requireInt4 } from "./codes.ts";
import { zeroPointCorrection } from "./correction.ts";
import type { Int4Options } from "./dot.ts";
import { memory, multiply } from "./kernel_simd.wasm";
import { countRows } from "./matmul.ts";
import type { PackedWeights } from "./packed_weights.ts";

/** Activations and pairs of weights that the kernel takes at a time, see assembly/index.ts. */
const panelRows = 4;
const panelPairs = 8;

const pageBytes = 65536;

/**
 * As {@linkcode matmulInt4}, by WebAssembly SIMD on one thread: eight pairs of weights in eight
 * 16-bit lanes, which spill into 32 bits every 256 rows. The results are the same. Operands and sums are
 * copied to and from the memory of the kernel, which grows to hold the largest product so far.
 *
 * @param activations `[m, k]`, each 0..15, for weights of k rows.
 * @returns `[m, columns]`, signed 32-bit sums.
 * @throws {InputError} If an argument is out of range.
 */
export function matmulInt4Simd(
  activations: Uint8Array,
  weights: PackedWeights,
  { activationZeroPoint = 0 }: Omit<Int4Options, "overflow"> = {},
): Int32Array {
  const { rows, columns, pairs } = weights;
  const m = countRows(activations, rows);
  requireInt4(activationZeroPoint, "multiply INT4", "activationZeroPoint");
  const width = Math.ceil(columns / 2);
  const rowPanels = Math.ceil(m / panelRows);
  const pairPanels = Math.ceil(width / panelPairs);

  const stride = 2 * panelPairs * pairPanels;
  const sumsAt = 0;
  const weightsAt = sumsAt + 4 * panelRows * rowPanels * stride;
  const activationsAt = weightsAt + 2 * panelPairs * pairPanels * rows;
  const end = activationsAt + 2 * panelRows * rowPanels * rows;
  const missing = end - memory.buffer.byteLength;
  if (missing > 0) memory.grow(Math.ceil(missing / pageBytes));
  new Uint8Array(memory.buffer, 0, end).fill(0);

  const pairTarget = new Uint16Array(memory.buffer, weightsAt);
  for (let row = 0; row < rows; row++) {
    for (let pair = 0; pair < width; pair++) {
      pairTarget[placeInPanels(pair, row, rows, panelPairs)] = pairs[row * width + pair];
    }
  }
  const activationTarget = new Uint16Array(memory.buffer, activationsAt);
  const activationSums = new Uint32Array(m);
  activations.forEach((code, index) => {
    requireInt4(code, "multiply weights", "an activation");
    const [i, row] = [Math.floor(index / rows), index % rows];
    activationTarget[placeInPanels(i, row, rows, panelRows)] = code;
    activationSums[i] += code;
  });

  multiply(activationsAt, weightsAt, sumsAt, rowPanels, pairPanels, rows);

  const sums = new Uint32Array(memory.buffer, sumsAt);
  return Int32Array.from({ length: m * columns }, (_, index) => {
    const [i, column] = [Math.floor(index / columns), index % columns];
    return sums[i * stride + column] -
      zeroPointCorrection(weights, column, activationSums[i], activationZeroPoint);
  });
}

/** Where `[panels, rows, size]` has the element of `[rows, lines]`. */
function placeInPanels(line: number, row: number, rows: number, size: number): number {
  return (Math.floor(line / size) * rows + row) * size + line % size;
}
