import { type GridSteps, gridSteps, type UniformGrid } from "../format/mod.ts";
import { requireFinite, requireLayout } from "./checks.ts";
import { stepsFromZero } from "./steps_from_zero.ts";

/**
 * Quantizes and dequantizes in one pass, bit-equal to {@linkcode quantizeUniform} followed by
 * {@linkcode dequantizeUniform}; serves grids of TRIP as well.
 *
 * @param x `[..., channels, inner]`.
 * @param out Where the result goes; may be `x` itself.
 * @param name What errors call the tensor.
 * @throws {InputError} If `x` holds NaN or infinity or does not fit the layout.
 */
export function fakeQuantizeUniform(
  x: Float32Array,
  grid: UniformGrid,
  out: Float32Array = new Float32Array(x.length),
  name = "tensor",
): Float32Array {
  const { scale, inner } = grid;
  requireLayout(x.length, { channels: scale.length, inner }, name);
  requireFinite(x, name);
  const steps = gridSteps(grid);
  if (scale.length > 1 && inner === 1) {
    fakeQuantizeRows(x, out, steps);
    return out;
  }
  const run = scale.length === 1 ? x.length : inner;
  for (let channel = 0, start = 0; start < x.length; start += run) {
    fakeQuantizeRun(x, out, start, start + run, steps, channel);
    if (++channel === scale.length) channel = 0;
  }
  return out;
}

/** The channel is the last axis: it changes with every element. */
function fakeQuantizeRows(x: Float32Array, out: Float32Array, steps: GridSteps): void {
  const { scale, shift, low, high } = steps;
  const channels = scale.length;
  for (let row = 0; row < x.length; row += channels) {
    for (let c = 0; c < channels; c++) {
      const s = scale[c];
      out[row + c] = stepsFromZero(x[row + c] / s, shift[c], low[c], high[c]) * s;
    }
  }
}

/** Elements start..end-1 share one channel. */
function fakeQuantizeRun(
  x: Float32Array,
  out: Float32Array,
  start: number,
  end: number,
  steps: GridSteps,
  channel: number,
): void {
  const s = steps.scale[channel];
  const shift = steps.shift[channel];
  const low = steps.low[channel];
  const high = steps.high[channel];
  for (let i = start; i < end; i++) {
    out[i] = stepsFromZero(x[i] / s, shift, low, high) * s;
  }
}
