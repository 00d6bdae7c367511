import { require } from "../../core/mod.ts";
import type { FloatMatrix } from "../../format/mod.ts";
import { AgileBackend, requireAgile } from "../agile.ts";
import { type HeldNumbers, holdNumbers } from "../held_numbers.ts";
import { applyBinary, applyUnary } from "../kernels/elementwise.ts";
import { split } from "../split.ts";
import { tf } from "../tf.ts";
import { linear, type LinearActivation, requireBias } from "./linear.ts";

/** A weight of 16-bit floats as a checkpoint stores them. Whoever has it disposes of it. */
export interface HalfWeight extends Disposable {
  rows: number;
  columns: number;
  dtype: "F16" | "BF16";
  /** The patterns in panels of 16 rows, `[rows / 16, columns, 16]`. */
  held: HeldNumbers<Int8Array>;
}

/** Rows of a panel. */
const panelRows = 16;

/** Up to so many rows it pays to decode a weight for each. */
const fewRows = 8;

/** The exponent of infinity and NaN in F16, which the product takes for a finite one. */
const specialExponent = 0x7c00;

/**
 * Holds a weight as it is stored, half of what float32 takes; undefined for one that {@linkcode halfLinear} does not
 * multiply: of another type, on another backend than `agile`, or F16 with what is not finite.
 *
 * @throws {InputError} If it does not fit the memory.
 */
export function holdHalves({ rows, columns, dtype, data }: FloatMatrix): HalfWeight | undefined {
  if (dtype === "F32" || !(tf.backend() instanceof AgileBackend)) return undefined;
  const patterns = new Uint16Array(data.buffer, data.byteOffset, data.length);
  const isSpecial = (pattern: number) => (pattern & specialExponent) === specialExponent;
  if (dtype === "F16" && patterns.some(isSpecial)) return undefined;
  const count = Math.ceil(rows / panelRows) * panelRows * columns;
  const held = holdNumbers(new Int8Array(), 2 * count, `a weight of ${rows} x ${columns}`);
  const { buffer, byteOffset } = held.values;
  fillPanels(new Uint16Array(buffer, byteOffset, count), patterns, rows, columns);
  return { rows, columns, dtype, held, [Symbol.dispose]: () => held[Symbol.dispose]() };
}

/** Lays rows out in panels; what is missing of the last one is 0. */
function fillPanels(panels: Uint16Array, from: Uint16Array, rows: number, columns: number): void {
  panels.subarray(rows * columns - rows % panelRows * columns).fill(0);
  for (let row = 0, at = 0; row < rows; row++) {
    let to = (row - row % panelRows) * columns + row % panelRows;
    for (const end = at + columns; at < end; at++, to += panelRows) panels[to] = from[at];
  }
}

/**
 * `linear` with a weight as it is stored. Few rows read it once and decode it in registers, which is what their time
 * goes to: equal to the last bit to `linear` on SIMD. For more it is decoded first, and that is not kept.
 *
 * @param x `[rows, in]`
 * @param bias `[out]`
 * @returns `[rows, out]`
 * @throws {InputError} If the shapes do not fit or another backend than `agile` computes.
 */
export function halfLinear(
  x: tf.Tensor2D,
  weight: HalfWeight,
  bias?: tf.Tensor1D,
  activation: LinearActivation = "linear",
): tf.Tensor2D {
  const action = "apply a linear layer";
  const backend = requireAgile(action);
  const { rows: outputs, columns, dtype } = weight;
  const [rows] = x.shape;
  require(x.shape[1] === columns, action, `x must be [rows, ${columns}]`, x.shape);
  requireBias(bias, outputs, action);
  if (rows > fewRows) {
    const decoded = decode(backend, weight);
    const output = linear(x, decoded, bias, activation);
    decoded.dispose();
    return output;
  }
  const source = backend.addressOf(x);
  const output = backend.output([rows, outputs]);
  backend.run(
    "halfRows",
    partsOf(weight, backend).map(([first, count, address]) => [
      ...[source, address, output.address + 4 * first, rows, count, columns, outputs],
      Number(dtype === "BF16"),
    ]),
  );
  const relu = activation === "relu";
  if (bias) applyBinary(backend, relu ? "addRelu" : "add", output, output.tensor, bias);
  else if (relu) applyUnary(backend, "relu", output, output.tensor);
  return tf.engine().makeTensorFromTensorInfo(output.tensor) as tf.Tensor2D;
}

function decode(backend: AgileBackend, weight: HalfWeight): tf.Tensor2D {
  const { rows, columns, dtype } = weight;
  const { tensor, address } = backend.output([rows, columns]);
  backend.run(
    "decodePanels",
    partsOf(weight, backend).map(([first, count, panels]) => [
      ...[address + 4 * first * columns, panels, count, columns, Number(dtype === "BF16")],
    ]),
  );
  return tf.engine().makeTensorFromTensorInfo(tensor) as tf.Tensor2D;
}

/** Divides the rows of a weight, panel by panel: the first, how many, and where they lie. */
function partsOf({ rows, columns, held }: HalfWeight, { simd }: AgileBackend) {
  return split(rows, panelRows, simd.callsAtMost)
    .map(([first, count]) => [first, count, held.address! + 2 * first * columns]);
}
