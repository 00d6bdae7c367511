import { require } from "../../core/mod.ts";
import type { GridSteps, LanePanels } from "../../format/mod.ts";
import { type AgileBackend, requireAgile } from "../agile.ts";
import { split } from "../split.ts";
import { tf } from "../tf.ts";
import { requireFinite, runWithFlags } from "./fake_quant.ts";
import type { PackedMap } from "./integer_linear.ts";
import { type CommonBounds, commonBounds, stretch } from "./stretch_steps.ts";

/** A 4-bit weight in the panels of `lib/int4`, in a tensor; whoever made that frees it. */
export type LaneTensors = LanePanels<tf.Tensor1D>;

/** Outputs in a panel of weights, rows in one of activations, and bytes of the sums of both. */
const [panelColumns, panelRows, sumBytes] = [16, 4, 256];

/** Rows that are worth a thread's while to quantize. */
const quantizedRows = 32;

/**
 * Linear layers of 4-bit weights and activations that read the same value, on the lane-packed
 * multiplier of fig. 5: sums are exact over whole groups of columns, then scaled and added to the
 * bias in float32.
 *
 * @param x `[rows, in]`
 * @param steps Of the 4-bit grid that the weights were packed for: one shift and one lowest code for all
 *   channels.
 * @param name What errors call `x`.
 * @returns `[rows, out]` for each map.
 * @throws {InputError} If `x` is not finite or something does not fit, or another backend than `agile`
 *   computes.
 */
export function int4Linear(
  x: tf.Tensor2D,
  steps: GridSteps,
  maps: PackedMap<LaneTensors>[],
  name = "tensor",
): tf.Tensor2D[] {
  const action = `multiply ${name} in integers`;
  const backend = requireAgile(action);
  for (const { weight: { columns } } of maps) {
    const fits = x.shape.length === 2 && x.shape[1] === columns;
    require(fits, action, `it must be [rows, ${columns}]`, x.shape);
  }
  const bounds = commonBounds(steps, action);
  const [{ weight: first }] = maps;
  if (maps.some(({ weight }) => !sameLayout(weight, first))) {
    return maps.flatMap((map) => int4Linear(x, steps, [map], name));
  }
  const [rows] = x.shape;
  const activationBytes = Math.ceil(rows / panelRows) * first.activationBytes;
  return backend.scratch([4 * first.table.length, activationBytes], (table, activations) => {
    backend.view(Int32Array, table, first.table.length).set(first.table);
    layOut(backend, x, steps.scale, bounds, first, { table, activations, name });
    return maps.map((map) => multiply(backend, rows, map, { table, activations }));
  });
}

/** Whether two weights can read the same panels of activations. */
function sameLayout(a: LaneTensors, b: LaneTensors): boolean {
  const equal = (one: Int32Array, other: Int32Array) =>
    one.length === other.length && one.every((word, i) => word === other[i]);
  return a === b || (equal(a.table, b.table) && equal(a.order, b.order));
}

/** Quantizes activations and lays the codes out in panels. */
function layOut(
  backend: AgileBackend,
  x: tf.Tensor2D,
  scale: Float32Array,
  { shift, low, high, zeroPoint }: CommonBounds,
  { order, blocks, activationBytes }: LaneTensors,
  { table, activations, name }: { table: number; activations: number; name: string },
): void {
  const [rows, columns] = x.shape;
  const source = backend.addressOf(x);
  const most = Math.min(backend.simd.callsAtMost, Math.ceil(rows / quantizedRows));
  const parts = split(rows, panelRows, most);
  const accepted = backend.scratch(
    [rows * columns, 4 * columns, 4 * columns],
    (bytes, scales, places) => {
      stretch(scale, backend.view(Float32Array, scales, columns));
      backend.view(Int32Array, places, columns).set(order);
      const finite = runWithFlags(
        backend,
        "int4Codes",
        parts.map(([first, count]) => [
          ...[bytes + first * columns, count, columns, source + 4 * first * columns, scales],
          ...[shift, low, high, zeroPoint - shift, places],
        ]),
      );
      backend.run(
        "int4Panels",
        parts.map(([first, count]) => [
          activations + first / panelRows * activationBytes,
          ...[bytes + first * columns, count, columns, table, blocks],
        ]),
      );
      return finite;
    },
  );
  if (!accepted) requireFinite(backend.floats(x), name);
}

/** The product of one map, its panels of outputs spread over the threads. */
function multiply(
  backend: AgileBackend,
  rows: number,
  { weight, bias }: PackedMap<LaneTensors>,
  { table, activations }: { table: number; activations: number },
): tf.Tensor2D {
  const { rows: outputs, blocks, memory } = weight;
  const count = Math.ceil(outputs / panelColumns);
  const stride = count * panelColumns;
  const panelBytes = 4 * memory.size / count;
  const source = backend.addressOf(memory);
  const parts = split(count, 1, backend.simd.callsAtMost);
  const start = bias && backend.floats(bias);
  return backend.scratch([4 * rows * stride, sumBytes * parts.length], (target, sums) => {
    const padded = backend.view(Float32Array, target, rows * stride).fill(0);
    if (start) { for (let row = 0; row < rows; row++) padded.set(start, row * stride); }
    backend.run(
      "int4Linear",
      parts.map(([first, some], call) => [
        ...[target + 4 * panelColumns * first, stride, rows, activations],
        ...[source + panelBytes * first, some, table, blocks, sums + sumBytes * call],
      ]),
    );
    const { tensor, address } = backend.output([rows, outputs]);
    const values = backend.view(Float32Array, address, rows * outputs);
    if (stride === outputs) values.set(padded);
    else {
      for (let row = 0; row < rows; row++) {
        values.set(padded.subarray(row * stride, row * stride + outputs), row * outputs);
      }
    }
    return tf.engine().makeTensorFromTensorInfo(tensor) as tf.Tensor2D;
  });
}
