import { refuse, type Step } from "../core/mod.ts";
import { atSites, type Model, runLayer, type SiteName, type State } from "../model/mod.ts";
import { tensorData, tf, tidy } from "../tensor/mod.ts";

/** A largest diagonal element below this is taken for inputs whose products leave float32. */
const smallestDiagonal = 2 ** -64;

/** Powers of two up to this, and their inverses, are ordinary float32 numbers. */
const longestShift = 120;

/**
 * H = 2/n sum x x^T over the inputs of a site, n the number of windows (GPTQ, add_batch).
 *
 * Where float32 does not hold the products of inputs that it holds, these are first scaled by a power
 * of two: exact but for underflow, and a factor of H changes no code.
 *
 * @param onStep Called for every window of every pass.
 * @returns `[channels, channels]`
 * @throws {InputError} If an input is not finite; the message names site and layer.
 */
export function inputHessian(
  model: Model,
  layer: number,
  streams: State[],
  site: SiteName,
  onStep: Step = () => {},
): Float32Array {
  const hessian = hessianOf(model, layer, streams, site, (value) => value, onStep);
  const channels = Math.sqrt(hessian.length);
  let largest = 0;
  for (let i = 0; i < hessian.length; i += channels + 1) largest = Math.max(largest, hessian[i]);
  if (largest >= smallestDiagonal && largest < Infinity) return hessian;

  const rest = 1 / streams.length; // the first pass ended with its last window still to be counted
  const reach = largestInput(model, layer, streams, site, (share) => {
    onStep(1 - rest + share * rest / 2);
  });
  if (reach === 0) return hessian;
  const shift = Math.min(Math.max(Math.round(Math.log2(reach)), -longestShift), longestShift);
  return hessianOf(model, layer, streams, site, (value) => tf.mul(value, 2 ** -shift), (share) => {
    onStep(1 - rest / 2 + share * rest / 2);
  });
}

function hessianOf(
  model: Model,
  layer: number,
  streams: State[],
  site: SiteName,
  scaled: (value: tf.Tensor) => tf.Tensor,
  onStep: Step,
): Float32Array {
  let total: tf.Tensor | undefined;
  try {
    for (const [index, stream] of streams.entries()) {
      onStep(index / streams.length);
      const next = tidy(() => {
        const gram = atInput(model, layer, stream, site, (value) => {
          const operand = scaled(value);
          return tf.matMul(operand, operand, true, false);
        });
        return total ? tf.add(total, gram) : gram;
      });
      total?.dispose();
      total = next;
    }
    return tensorData(total!).map((value) => value * 2 / streams.length);
  } finally {
    total?.dispose();
  }
}

/** The largest |x| that a site gives over all windows. */
function largestInput(
  model: Model,
  layer: number,
  streams: State[],
  site: SiteName,
  onStep: Step,
): number {
  let largest = 0;
  for (const [index, stream] of streams.entries()) {
    onStep(index / streams.length);
    tidy(() => {
      atInput(model, layer, stream, site, (value) => {
        for (const x of tensorData(value)) {
          const rule = `${site} of layer ${layer} must be finite`;
          if (!Number.isFinite(x)) refuse(`calibrate ${model.name}`, rule, x);
          largest = Math.max(largest, Math.abs(x));
        }
        return value;
      });
    });
  }
  return largest;
}

/** What `read` makes of the value at a site of a block. */
function atInput(
  model: Model,
  layer: number,
  stream: State,
  site: SiteName,
  read: (value: tf.Tensor) => tf.Tensor,
): tf.Tensor {
  let result!: tf.Tensor;
  runLayer(model, layer, stream, {
    hook: atSites([site], (value) => {
      result = read(value);
      return value;
    }),
  });
  return result;
}
