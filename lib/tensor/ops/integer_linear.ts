import { require } from "../../core/mod.ts";
import type { GridSteps } from "../../format/mod.ts";
import { type AgileBackend, requireAgile } from "../agile.ts";
import type { IntegerWeight } from "../integer_weight.ts";
import { split } from "../split.ts";
import { tf } from "../tf.ts";
import { requireFinite, runWithFlags } from "./fake_quant.ts";
import { type CommonBounds, commonBounds, stretch } from "./stretch_steps.ts";

/** What a linear map consists of. */
export interface PackedMap<Weight> {
  /** Packed for activations on a certain grid. */
  weight: Weight;
  /** `[out]` */
  bias?: tf.Tensor1D;
}

/**
 * From so many rows on a native product pays for bringing codes of 4 and of 8 bits into its bytes: with
 * fewer, SIMD on the codes themselves is faster (one thread, milliseconds; 4096 x 4096, 4 bits: 8 rows 3.4 against
 * 3.6, 4 rows 3.4 against 2.4; 8 bits: 4 rows 3.0 against 4.5, 2 rows 3.0 against 1.7).
 */
const nativeRows = { 4: 8, 8: 4 };

/** Rows are padded to a multiple for native products: the library prepares itself for few counts of them. */
const nativeGrain = 16;

/** The deepest block of columns that a thread's workspace has room for as bytes. */
const deepestNative = 2 ** 14;

/** Up to so many rows it pays to decode a weight for each. */
const fewRows = 3;

/** Rows that are worth a thread's while to quantize. */
const quantizedRows = 32;

/**
 * Linear layers in integers that read the same value: it is quantized once, to unsigned 8-bit codes;
 * these are multiplied by codes of weights and summed up in 32 bits. Only the sums over whole blocks of
 * columns become floats: corrected for the zero points, scaled, and added to the bias, one after the
 * other, in float32.
 *
 * Nothing but the outputs is kept.
 *
 * @param x `[rows, in]`
 * @param steps Of the grid that the weights were packed for: one shift and one lowest code for all
 *   channels.
 * @param maps Their weights have one order of columns.
 * @param name What errors call `x`.
 * @returns `[rows, out]` for each map.
 * @throws {InputError} If `x` is not finite or something does not fit, or another backend than `agile`
 *   computes.
 */
export function integerLinear(
  x: tf.Tensor2D,
  steps: GridSteps,
  maps: PackedMap<IntegerWeight>[],
  name = "tensor",
): tf.Tensor2D[] {
  const action = `multiply ${name} in integers`;
  const backend = requireAgile(action);
  requireFit(x, maps, action);
  const bounds = commonBounds(steps, action);
  const [{ weight }] = maps;
  const [rows] = x.shape;
  const native = backend.integerProduct.native && rows >= nativeRows[weight.bits] &&
    deepestBlock(weight) <= deepestNative;
  const paddedRows = roundUp(rows, native ? nativeGrain : 4);
  const sizes = [paddedRows * weight.places + pageBytes, 4 * paddedRows * weight.blocks];
  return backend.scratch(sizes, (block, rowSums) => {
    const bytes = roundUp(block, pageBytes);
    const quantized: Quantized = { rows, paddedRows, bytes, rowSums, zeroPoint: bounds.zeroPoint };
    const accepted = quantize(backend, x, steps.scale, bounds, maps[0].weight, quantized, !native);
    if (!accepted) requireFinite(backend.floats(x), name);
    const outputs = maps.map(({ weight }) => backend.output([rows, weight.rows]));
    withBiases(backend, maps, (biases) => {
      const calls = maps.map(({ weight }, index): MapCall => (
        { weight, bias: biases[index], target: outputs[index].address }
      ));
      if (native) multiplyNative(backend, quantized, calls);
      else multiplySimd(backend, quantized, calls);
    });
    return outputs.map(({ tensor }) => tf.engine().makeTensorFromTensorInfo(tensor) as tf.Tensor2D);
  });
}

function requireFit(
  { shape }: tf.Tensor2D,
  maps: PackedMap<IntegerWeight>[],
  action: string,
): void {
  const [{ weight: first }] = maps;
  for (const { weight, bias } of maps) {
    const width = `it must be [rows, ${weight.columns}]`;
    require(shape.length === 2 && shape[1] === weight.columns, action, width, shape);
    const biasFits = !bias || (bias.rank === 1 && bias.shape[0] === weight.rows);
    require(biasFits, action, `bias must be [${weight.rows}]`, bias?.shape);
    require(sameOrder(weight, first), action, "all weights must have one order of columns");
  }
}

/** The depth of each block stands last of the four words that `tables` begin with for it. */
function deepestBlock({ blocks, tables }: IntegerWeight): number {
  let deepest = 0;
  for (let block = 0; block < blocks; block++) deepest = Math.max(deepest, tables[4 * block + 3]);
  return deepest;
}

/** Whether two weights can read the same codes. */
export function sameOrder(a: IntegerWeight, b: IntegerWeight): boolean {
  const [one, other] = [a.tables, b.tables];
  if (one === other) return true;
  if (one.length !== other.length) return false;
  for (let word = 0; word < one.length; word++) { // a loop: every token of a text waits for it
    if (one[word] !== other[word]) return false;
  }
  return true;
}

/** Addresses of codes and their sums as `quantizeCodes` of `assembly/quantize.ts` writes them. */
interface Quantized {
  rows: number;
  paddedRows: number;
  bytes: number;
  rowSums: number;
  zeroPoint: number;
}

/** Writes codes and their sums; says whether all activations were finite. */
function quantize(
  backend: AgileBackend,
  x: tf.Tensor2D,
  scale: Float32Array,
  { shift, low, high, zeroPoint }: CommonBounds,
  { memory }: IntegerWeight,
  { bytes, rowSums, paddedRows }: Quantized,
  signed: boolean,
): boolean {
  const [rows, columns] = x.shape;
  const [source, head] = [backend.addressOf(x), backend.addressOf(memory)];
  const most = Math.min(backend.simd.callsAtMost, Math.ceil(rows / quantizedRows));
  const parts = split(rows, 4, most);
  return backend.scratch([4 * columns], (scales) => {
    stretch(scale, backend.view(Float32Array, scales, columns));
    return runWithFlags(
      backend,
      "quantizeCodes",
      parts.map(([first, count]) => [
        ...[bytes, rowSums, first, first + count, paddedRows, columns],
        ...[source, scales, shift, low, high, zeroPoint - shift],
        ...[Number(signed), head],
      ]),
    );
  });
}

/** One of several maps: addresses of its bias, padded as the weight is, and of its outputs. */
interface MapCall {
  weight: IntegerWeight;
  bias: number;
  target: number;
}

/** Calls `work` with the addresses of all biases, zeros where there is none, padded as the weights are. */
function withBiases(
  backend: AgileBackend,
  maps: PackedMap<IntegerWeight>[],
  work: (biases: number[]) => void,
): void {
  const isPadded = ({ weight: { rows, paddedRows }, bias }: PackedMap<IntegerWeight>) =>
    bias && rows === paddedRows;
  const copied = maps.filter((map) => !isPadded(map));
  backend.scratch(copied.map(({ weight }) => 4 * weight.paddedRows), (...addresses) => {
    copied.forEach(({ weight, bias }, index) => {
      const values = backend.view(Float32Array, addresses[index], weight.paddedRows).fill(0);
      if (bias) values.set(backend.floats(bias));
    });
    work(maps.map((map) => isPadded(map) ? backend.addressOf(map.bias!) : addresses.shift()!));
  });
}

/** Multiplies with the kernels of `assembly/integer.ts`, the panels spread over the threads. */
function multiplySimd(
  backend: AgileBackend,
  { rows, bytes, rowSums, zeroPoint }: Quantized,
  maps: MapCall[],
): void {
  const { callsAtMost, dots } = backend.simd;
  const few = rows <= fewRows;
  const most = few ? Math.ceil(callsAtMost / 2) : callsAtMost; // few read long runs of memory
  backend.run(
    few ? "integerRows" : "integerLinear",
    maps.flatMap(({ weight: { memory, paddedRows }, bias, target }) =>
      split(paddedRows / panelRows, 2, most).map(([first, count]) => [
        ...[target, bytes, rowSums, rows, backend.addressOf(memory), bias, zeroPoint - 128],
        ...[first, first + count],
        ...few ? [] : [Number(dots)],
      ])
    ),
  );
}

/** Multiplies with a native library: columns of the product spread over the threads, then rows. */
function multiplyNative(
  backend: AgileBackend,
  { rows, paddedRows, bytes, rowSums, zeroPoint }: Quantized,
  maps: MapCall[],
): void {
  const { simd: { callsAtMost }, integerProduct: { panels } } = backend;
  backend.run(
    "nativeIntegerLinear",
    maps.flatMap(({ weight, bias, target }) => {
      const head = backend.addressOf(weight.memory);
      const columnParts = split(weight.paddedRows / panelRows, nativePanels, callsAtMost);
      const rowParts = split(rows, nativeTile, Math.ceil(callsAtMost / columnParts.length));
      return columnParts.flatMap(([firstPanel, panelCount]) =>
        rowParts.map(([firstRow, rowCount]) => [
          ...[target, bytes, rowSums, paddedRows, head, bias, zeroPoint, Number(panels)],
          ...[firstRow, firstRow + rowCount, firstPanel, firstPanel + panelCount],
        ])
      );
    }),
  );
}

/** Rows of a panel of weights; panels and rows that a thread takes on at least, as tiles in `assembly`. */
const [panelRows, nativePanels, nativeTile] = [8, 16, 128];

/** A page: what begins on one a native library reads fastest. */
const pageBytes = 4096;

function roundUp(count: number, step: number): number {
  return Math.ceil(count / step) * step;
}
