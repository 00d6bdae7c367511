import { seededRandom } from "../../lib/core/mod.ts";
import { quantizedLinear } from "../../lib/methods/mod.ts";
import { observeRange, rtn, searchTrip, uniformGrid } from "../../lib/quant/mod.ts";
import { linear, tf } from "../../lib/tensor/mod.ts";
import type { Scope } from "../harness/serve.ts";
import { time, type Turn } from "../harness/turn.ts";

/** A linear layer without bias, `[rows, columns]` to `[rows, outputs]`. */
export interface ProductJob {
  rows: number;
  columns: number;
  outputs: number;
  /**
   * What is multiplied: floats; 8-bit activations and weights, one scale per tensor and per output;
   * or 8-bit activations (TRIP) and 4-bit weights, one scale per 128 columns. Activations come and go
   * as floats.
   */
  numbers: "float32" | "int8" | "int4";
}

/** Gets a layer of random numbers ready on the backend in use. */
export function prepareProduct(
  { rows, columns, outputs, numbers }: ProductJob,
  scope: Scope,
): Turn {
  const values = randomValues(rows * columns);
  const weights = randomValues(outputs * columns);
  const x = tf.tensor2d(values, [rows, columns]);
  scope.onEnd(() => x.dispose());
  if (numbers === "float32") {
    const weight = tf.tensor2d(weights, [outputs, columns]);
    scope.onEnd(() => weight.dispose());
    return async () => ({ time: await time(() => linear(x, weight).dispose()) });
  }
  const { layer, parts } = quantizedLayer(values, weights, columns, numbers === "int8" ? 8 : 4);
  scope.onEnd(() => tf.dispose(parts));
  return async () => ({ time: await time(() => layer.apply(x).dispose()) });
}

/** A linear layer of so many bits a weight, and the tensors that its weight consists of. */
function quantizedLayer(
  values: Float32Array,
  weights: Float32Array,
  columns: number,
  bits: 4 | 8,
) {
  const codes = rtn(weights, {
    ...{ rows: weights.length / columns, columns, bits, groupSize: bits === 8 ? "row" : 128 },
    ...{ symmetric: false, range: "minmax" },
  });
  const params = bits === 8
    ? uniformGrid(observeRange(values, { channels: columns, granularity: "tensor" }), { bits })
    : searchTrip(values, { channels: columns, bits: 8, K: 3 });
  const layer = quantizedLinear(codes, params);
  return { layer, parts: Object.values(layer.weight).filter((part) => part instanceof tf.Tensor) };
}

/** Numbers in -0.5..0.5; long arrays repeat a period, since no product's time depends on values. */
export function randomValues(length: number): Float32Array {
  const random = seededRandom(length);
  const period = Float32Array.from(
    { length: Math.min(length, 65521) },
    () => random.uniform() - 0.5,
  );
  const values = new Float32Array(length);
  for (let start = 0; start < length; start += period.length) {
    values.set(period.subarray(0, length - start), start);
  }
  return values;
}
