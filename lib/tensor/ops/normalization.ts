import { require } from "../../core/mod.ts";
import type { AgileKernel, KernelCall } from "../agile.ts";
import { split } from "../split.ts";
import { tf } from "../tf.ts";
import { fused, runKernel } from "./fused.ts";

/**
 * RMSNorm: x / sqrt(mean(x²) + epsilon) * gain, over each row; NaN where float32 does not hold the
 * squares.
 *
 * @param x [rows, channels]
 * @param gain [channels]
 * @throws {InputError} If the shapes do not fit.
 */
export function rmsNorm(x: tf.Tensor2D, gain: tf.Tensor1D, epsilon: number): tf.Tensor2D {
  return normalizeRows(x, gain, epsilon, false);
}

/**
 * LayerNorm: (x - mean(x)) / sqrt(variance(x) + epsilon) * gain + bias, over each row; NaN where
 * float32 does not hold the squares.
 *
 * @param x [rows, channels]
 * @param gain [channels]
 * @param bias [channels]
 * @throws {InputError} If the shapes do not fit.
 */
export function layerNorm(
  x: tf.Tensor2D,
  gain: tf.Tensor1D,
  bias: tf.Tensor1D,
  epsilon: number,
): tf.Tensor2D {
  requireChannels(x, bias, "bias");
  return normalizeRows(x, gain, epsilon, true, bias);
}

function normalizeRows(
  x: tf.Tensor2D,
  gain: tf.Tensor1D,
  epsilon: number,
  centred: boolean,
  bias?: tf.Tensor1D,
): tf.Tensor2D {
  requireChannels(x, gain, "gain");
  return fused("NormalizeRows", { x, gain, ...bias && { bias } }, { epsilon, centred }, () => {
    const deviation = centred ? tf.sub(x, tf.mean(x, 1, true)) : x;
    const meanSquare = tf.mean(tf.square(deviation), 1, true);
    const overflow = tf.sub(meanSquare, meanSquare); // NaN where infinite, else 0
    const size = tf.add(tf.sqrt(tf.add(meanSquare, epsilon)), overflow);
    const scaled = tf.mul(tf.div(deviation, size), gain);
    return (bias ? tf.add(scaled, bias) : scaled) as tf.Tensor2D;
  });
}

function requireChannels(x: tf.Tensor2D, vector: tf.Tensor1D, name: string): void {
  require(
    x.rank === 2 && vector.rank === 1 && vector.shape[0] === x.shape[1],
    "normalize rows",
    `x must be [rows, channels] and ${name} [channels]`,
    [x.shape, vector.shape],
  );
}

/** Mean (0 unless centred) and 1 / sqrt(mean square deviation + epsilon) of a row, in float64. */
function rowStatistics(row: Float32Array, { epsilon, centred }: KernelCall["attrs"]) {
  let mean = 0;
  if (centred) {
    for (let j = 0; j < row.length; j++) mean += row[j];
    mean /= row.length;
  }
  let square = 0;
  for (let j = 0; j < row.length; j++) {
    const deviation = row[j] - mean;
    square += deviation * deviation;
  }
  return { mean, inverse: 1 / Math.sqrt(square / row.length + epsilon) };
}

/** Elements that one call normalizes at least. */
const callLength = 8192;

function computeForward({ inputs: { x, gain, bias }, attrs, backend }: KernelCall) {
  const [rows, columns] = x.shape;
  const source = backend.addressOf(x);
  const vectors = [backend.addressOf(gain), bias ? backend.addressOf(bias) : 0];
  const { tensor, address } = backend.output(x.shape);
  const parts = split(rows, Math.ceil(callLength / columns), backend.simd.callsAtMost);
  backend.run(
    "normalizeRows",
    parts.map(([first, count]) => {
      const at = 4 * first * columns;
      const operands = [address + at, source + at, ...vectors];
      return [count, columns, ...operands, attrs.epsilon, Number(attrs.centred)];
    }),
  );
  return tensor;
}

/** dx = (g - mean(g) if centred - x̂ mean(g x̂)) inverse, with g = dy gain and x̂ the normalized x. */
function computeInputGradient({ inputs: { x, gain, dy }, attrs, backend }: KernelCall) {
  const [values, gains, slopes] = [x, gain, dy].map((tensor) => backend.floats(tensor));
  const columns = gains.length;
  const { tensor } = backend.output(x.shape);
  const result = backend.floats(tensor);
  for (let start = 0; start < values.length; start += columns) {
    const { mean, inverse } = rowStatistics(values.subarray(start, start + columns), attrs);
    let [sum, product] = [0, 0];
    for (let j = 0; j < columns; j++) {
      const slope = slopes[start + j] * gains[j];
      sum += slope;
      product += slope * (values[start + j] - mean);
    }
    const shift = attrs.centred ? sum / columns : 0;
    const factor = product * inverse * inverse / columns;
    for (let j = 0; j < columns; j++) {
      const deviation = values[start + j] - mean;
      result[start + j] = (slopes[start + j] * gains[j] - shift - deviation * factor) * inverse;
    }
  }
  return tensor;
}

/** dgain = sum over the rows of dy x̂. */
function computeGainGradient({ inputs: { x, dy }, attrs, backend }: KernelCall) {
  const [values, slopes] = [backend.floats(x), backend.floats(dy)];
  const columns = x.shape[1];
  const sums = new Float64Array(columns);
  for (let start = 0; start < values.length; start += columns) {
    const { mean, inverse } = rowStatistics(values.subarray(start, start + columns), attrs);
    for (let j = 0; j < columns; j++) {
      sums[j] += slopes[start + j] * (values[start + j] - mean) * inverse;
    }
  }
  const { tensor } = backend.output([columns]);
  backend.floats(tensor).set(sums);
  return tensor;
}

/** The kernels behind {@linkcode rmsNorm} and {@linkcode layerNorm}. */
export const normalizationKernels: AgileKernel[] = [
  {
    name: "NormalizeRows",
    compute: computeForward,
    gradient: {
      inputsToSave: ["x", "gain"],
      gradFunc: (gradient, [x, gain], attributes) => {
        const dy = gradient as tf.Tensor;
        return {
          x: () => runKernel("NormalizeRowsInputGradient", { x, gain, dy }, attributes),
          gain: () => runKernel("NormalizeRowsGainGradient", { x, dy }, attributes),
          bias: () => tf.sum(dy, 0),
        };
      },
    },
  },
  { name: "NormalizeRowsInputGradient", compute: computeInputGradient },
  { name: "NormalizeRowsGainGradient", compute: computeGainGradient },
];
