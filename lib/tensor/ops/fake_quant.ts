import { refuse, require } from "../../core/mod.ts";
import { AgileBackend } from "../agile.ts";
import { tensorData } from "../data.ts";
import { split } from "../split.ts";
import { tf } from "../tf.ts";

/** A uniform grid per channel: `(round(clip(x / scale + shift, low, high)) - shift) * scale`. */
export interface UniformSteps {
  /** Each `[channels]`. */
  scale: Float32Array;
  shift: Float32Array;
  /** Integers, as `high`. */
  low: Float32Array;
  high: Float32Array;
}

/**
 * Quantizes and dequantizes in one pass, in float32, rounding half to even.
 *
 * @param x `[..., channels]`; the last axis may also be a multiple of the channels, each of which then
 *   has as many adjacent elements.
 * @param name What errors call the tensor.
 * @throws {InputError} If `x` holds NaN or infinity, or its last axis does not fit.
 */
export function fakeQuantUniform<T extends tf.Tensor>(
  x: T,
  steps: UniformSteps,
  name = "tensor",
): T {
  const columns = x.shape.at(-1) ?? 1;
  const channels = steps.scale.length;
  const action = `quantize ${name}`;
  require(columns % channels === 0, action, `its last axis must be a multiple of ${channels}`, columns);
  const parameters = [steps.scale, steps.shift, steps.low, steps.high]
    .map((values) => spread(values, columns));
  const backend = tf.backend();
  const output = backend instanceof AgileBackend
    ? computeUniform(backend, x, columns, parameters)
    : tf.tidy(() => composeUniform(x, parameters));
  return output ?? refuseInfinite(x, action);
}

/** Each value for as many adjacent elements as make up `length`. */
function spread(values: Float32Array, length: number): Float32Array {
  const run = length / values.length;
  return run === 1 ? values : Float32Array.from({ length }, (_, i) => values[Math.floor(i / run)]);
}

/** `undefined` where a value is refused. */
function computeUniform<T extends tf.Tensor>(
  backend: AgileBackend,
  x: T,
  columns: number,
  parameters: Float32Array[],
): T | undefined {
  const source = backend.addressOf(x);
  const { tensor, address } = backend.output(x.shape);
  const parts = split(x.size / columns, 1, callsFor(x.size, backend));
  const sizes = [...parameters.map(() => 4 * columns), 4 * parts.length];
  const refused = backend.scratch(sizes, (...addresses) => {
    const flags = addresses.pop()!;
    parameters.forEach((values, index) =>
      backend.view(Float32Array, addresses[index], columns).set(values)
    );
    backend.run(
      "fakeQuantUniform",
      parts.map(([first, rows], part) => {
        const at = 4 * first * columns;
        return [rows, columns, address + at, source + at, ...addresses, flags + 4 * part];
      }),
    );
    return backend.view(Int32Array, flags, parts.length).includes(1);
  });
  return finish(tensor, refused);
}

function composeUniform<T extends tf.Tensor>(x: T, parameters: Float32Array[]): T | undefined {
  if (!allFinite(x)) return undefined;
  const [scale, shift, low, high] = parameters.map((values) => tf.tensor1d(values));
  const clipped = tf.minimum(tf.maximum(tf.add(tf.div(x, scale), shift), low), high);
  return tf.mul(tf.sub(tf.round(clipped), shift), scale) as T;
}

function allFinite(x: tf.Tensor): boolean {
  return tf.all(tf.isFinite(x)).dataSync()[0] === 1;
}

/** The output of a kernel as a tensor, or nothing if the kernel refused its input. */
function finish<T extends tf.Tensor>(output: tf.TensorInfo, refused: boolean): T | undefined {
  const tensor = tf.engine().makeTensorFromTensorInfo(output) as T;
  if (!refused) return tensor;
  tensor.dispose();
  return undefined;
}

/** Elements that are worth a thread's while. */
const fewest = 16384;

function callsFor(elements: number, { simd }: AgileBackend): number {
  return Math.max(1, Math.min(simd.callsAtMost, Math.floor(elements / fewest)));
}

/** Refuses a tensor by its first element that is not finite. */
export function refuseInfinite(x: tf.Tensor, action: string): never {
  const values = tensorData(x);
  const index = values.findIndex((value) => !Number.isFinite(value));
  refuse(action, `element ${index} must be finite`, values[index]);
}
