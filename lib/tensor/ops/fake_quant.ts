import { counted, refuse, require } from "../../core/mod.ts";
import type { GridSteps } from "../../format/mod.ts";
import type { AgileBackend, AgileKernel, KernelCall } from "../agile.ts";
import { readsAtOnce, tensorData } from "../data.ts";
import { split } from "../split.ts";
import { tf } from "../tf.ts";
import { fused } from "./fused.ts";
import { stretch } from "./stretch_steps.ts";

/** Elements that are worth a thread's while. */
const elementsPerCall = 16384;

/**
 * Quantizes to a uniform grid and back, bit-equal to `fakeQuantizeUniform` of `lib/quant`.
 *
 * @param x Its last axis is a multiple of the channels, each of which has as many adjacent elements.
 * @param name What errors call the tensor.
 * @returns The shape of x.
 * @throws {InputError} If `x` holds NaN or infinity, or its last axis does not fit.
 */
export function fakeQuantUniform<T extends tf.Tensor>(x: T, steps: GridSteps, name: string): T {
  const { scale, shift, low, high } = steps;
  const [columns, channels] = [x.shape.at(-1) ?? 1, scale.length];
  const rule = `its last axis must be a multiple of ${counted(channels, "channel")}`;
  require(columns % channels === 0, `quantize ${name}`, rule, columns);
  const parameters = [scale, shift, low, high].map((values) =>
    channels === columns ? values : stretch(values, new Float32Array(columns))
  );
  return fused("FakeQuantUniform", { x }, { parameters, name }, () => {
    if (readsAtOnce()) requireFinite(tensorData(x), name);
    const [scale, shift, low, high] = parameters.map((values) => tf.tensor1d(values));
    const clipped = tf.minimum(tf.maximum(tf.add(tf.div(x, scale), shift), low), high);
    return tf.mul(tf.sub(tf.round(clipped), shift), scale) as T;
  });
}

/** The kernel behind {@linkcode fakeQuantUniform}. */
export const fakeQuantKernels: AgileKernel[] = [{ name: "FakeQuantUniform", compute }];

function compute({ inputs: { x }, attrs, backend }: KernelCall): tf.TensorInfo {
  const parameters = attrs.parameters as Float32Array[];
  const columns = parameters[0].length;
  const size = tf.util.sizeFromShape(x.shape);
  const source = backend.addressOf(x);
  const { tensor, address } = backend.output(x.shape);
  const most = Math.min(backend.simd.callsAtMost, Math.ceil(size / elementsPerCall));
  const parts = split(size / columns, 1, most);
  const accepted = backend.scratch(parameters.map(() => 4 * columns), (...addresses) => {
    parameters.forEach((values, index) =>
      backend.view(Float32Array, addresses[index], columns).set(values)
    );
    return runWithFlags(
      backend,
      "fakeQuantUniform",
      parts.map(([first, rows]) => {
        const at = 4 * first * columns;
        return [rows, columns, address + at, source + at, ...addresses];
      }),
    );
  });
  if (!accepted) {
    backend.disposeData(tensor.dataId);
    requireFinite(backend.floats(x), attrs.name);
  }
  return tensor;
}

/**
 * Performs calls of a kernel whose last parameter is the address of a flag.
 *
 * @returns Whether no call raised its flag.
 */
export function runWithFlags(backend: AgileBackend, kernel: string, calls: number[][]): boolean {
  return backend.scratch([4 * calls.length], (flags) => {
    backend.run(kernel, calls.map((parameters, call) => [...parameters, flags + 4 * call]));
    return !backend.view(Int32Array, flags, calls.length).includes(1);
  });
}

/** Refuses NaN and infinity. */
export function requireFinite(values: Float32Array, name: string): void {
  const index = values.findIndex((value) => !Number.isFinite(value));
  if (index >= 0) refuse(`quantize ${name}`, `element ${index} must be finite`, values[index]);
}
