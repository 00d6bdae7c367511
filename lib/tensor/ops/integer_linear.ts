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

/** From so many rows on a native product pays for bringing 4-bit weights into bytes. */
const nativeRows = 16;

/** Up to so many rows it pays to decode a weight for each. */
const fewRows = 2;

/** Rows that are worth a thread's while to quantize. */
const quantizedRows = 32;

/**
 * Linear layers in integers that read the same value: it is quantized once, to unsigned 8-bit codes;
 * these are multiplied by codes of weights and summed up in 32 bits. Only the sums over whole blocks of
 * columns become floats: corrected for the zero points, scaled, and added to the bias, one after the
 * other, in float32.
 *
 * Nothing but the outputs is kept. Native products read weights as bytes in scratch memory.
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
  const [{ weight: { places, blocks } }] = maps;
  const [rows] = x.shape;
  const roundedRows = Math.ceil(rows / 4) * 4;
  const native = backend.integerProduct.native && rows >= nativeRows;
  const sizes = [roundedRows * places, 4 * roundedRows * blocks];
  return backend.scratch(sizes, (bytes, rowSums) => {
    const quantized: Quantized = { rows, bytes, rowSums, zeroPoint: bounds.zeroPoint };
    const accepted = quantize(backend, x, steps.scale, bounds, maps[0].weight, quantized, !native);
    if (!accepted) requireFinite(backend.floats(x), name);
    const multiply = native ? multiplyNative : multiplySimd;
    return maps.map((map) => {
      const { tensor, address } = backend.output([rows, map.weight.rows]);
      withBias(backend, map, (bias) => multiply(backend, quantized, map.weight, bias, address));
      return tf.engine().makeTensorFromTensorInfo(tensor) as tf.Tensor2D;
    });
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

/** Whether two weights can read the same codes. */
export function sameOrder(a: IntegerWeight, b: IntegerWeight): boolean {
  return a === b ||
    (a.tables.length === b.tables.length && a.tables.every((word, i) => word === b.tables[i]));
}

/** Addresses of codes and their sums as `quantizeCodes` of `assembly/quantize.ts` writes them. */
interface Quantized {
  rows: number;
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
  { memory, places, blocks }: IntegerWeight,
  { bytes, rowSums }: Quantized,
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
        ...[bytes + first * places, rowSums + 4 * first * blocks, count, columns],
        ...[source + 4 * first * columns, scales, shift, low, high, zeroPoint - shift],
        ...[Number(signed), head],
      ]),
    );
  });
}

/** Calls `work` with the address of the bias, zeros where there is none, padded as the weight is. */
function withBias(
  backend: AgileBackend,
  { weight: { paddedRows }, bias }: PackedMap<IntegerWeight>,
  work: (bias: number) => void,
): void {
  backend.scratch([4 * paddedRows], (address) => {
    const values = backend.view(Float32Array, address, paddedRows).fill(0);
    if (bias) values.set(backend.floats(bias));
    work(address);
  });
}

/** Multiplies with the kernels of `assembly/integer.ts`, the panels spread over the threads. */
function multiplySimd(
  backend: AgileBackend,
  { rows, bytes, rowSums, zeroPoint }: Quantized,
  { memory, paddedRows }: IntegerWeight,
  bias: number,
  target: number,
): void {
  const head = backend.addressOf(memory);
  const { callsAtMost, dots } = backend.simd;
  const few = rows <= fewRows;
  backend.run(
    few ? "integerRows" : "integerLinear",
    split(paddedRows / panelRows, 2, callsAtMost).map(([first, count]) => [
      ...[target, bytes, rowSums, rows, head, bias, zeroPoint - 128, first, first + count],
      ...few ? [] : [Number(dots)],
    ]),
  );
}

/** Multiplies with a native library: each thread some rows by the whole weight. */
function multiplyNative(
  backend: AgileBackend,
  { rows, bytes, rowSums, zeroPoint }: Quantized,
  { memory, rows: outputs, paddedRows, places, blocks }: IntegerWeight,
  bias: number,
  target: number,
): void {
  const head = backend.addressOf(memory);
  const { callsAtMost } = backend.simd;
  backend.scratch([paddedRows * places, 4 * paddedRows * blocks], (weights, offsets) => {
    const panels = split(paddedRows / panelRows, 1, callsAtMost);
    backend.run(
      "unpackWeight",
      panels.map(([first, count]) => [weights, offsets, head, zeroPoint, first, first + count]),
    );
    backend.run(
      "nativeIntegerLinear",
      split(rows, blockRows, callsAtMost).map(([first, count]) => [
        ...[target + 4 * first * outputs, bytes + first * places, rowSums + 4 * first * blocks],
        ...[count, head, weights, offsets, bias],
      ]),
    );
  });
}

/** Rows of a panel of weights, and rows that a native product takes at a time: as in `assembly`. */
const [panelRows, blockRows] = [8, 128];
