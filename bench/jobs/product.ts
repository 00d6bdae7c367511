import { randomValues } from "../../experiments/measure/random_model.ts";
import { byteMap, type LinearMap } from "../../lib/linear/mod.ts";
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
  const map = scope.share(`${numbers} ${columns} ${outputs}`, () => {
    const map = quantizedMap(weights, columns, numbers === "int8" ? 8 : 4);
    scope.onEnd(() => map[Symbol.dispose]());
    return map;
  });
  return async () => ({ time: await time(() => map.apply(x).dispose()) });
}

/** A linear layer of so many bits a weight. */
function quantizedMap(weights: Float32Array, columns: number, bits: 4 | 8): LinearMap {
  const values = randomValues(16 * columns);
  const codes = rtn(weights, {
    ...{ rows: weights.length / columns, columns, bits, groupSize: bits === 8 ? "row" : 128 },
    ...{ symmetric: false, range: "minmax" },
  });
  const grid = bits === 8
    ? uniformGrid(observeRange(values, { channels: columns, granularity: "tensor" }), { bits })
    : searchTrip(values, { channels: columns, bits: 8, K: 3 });
  return byteMap(codes, grid);
}
