import { require } from "../../lib/core/mod.ts";
import {
  fakeQuantizeLog2,
  fakeQuantizeUniform,
  observeRange,
  searchTrip,
  type UniformFormat,
  uniformGrid,
} from "../../lib/quant/mod.ts";
import { lineChart, type PlotlySpec, transferCurves } from "../../lib/report/mod.ts";
import { channelError } from "../measure/channel_error.ts";
import { sampleActivations } from "../measure/sample_activations.ts";

/** What the two readings of eq. 2 make of values that spread over from..to. */
export function uniformTransfer(
  { bits, from, to }: { bits: number; from: number; to: number },
): PlotlySpec {
  require(from < to, "draw a transfer curve", "from must be below to", [from, to]);
  const x = Float32Array.from({ length: 501 }, (_, i) => from + (to - from) * i / 500);
  const range = observeRange(x, { channels: 1, granularity: "tensor" });
  const curve = (format: Omit<UniformFormat, "bits">) =>
    Array.from(fakeQuantizeUniform(x, uniformGrid(range, { ...format, bits })));
  return transferCurves({
    title: `Uniform quantization to ${bits} bits of values in ${from}..${to}`,
    input: { title: "input" },
    output: { title: "output" },
    x: Array.from(x),
    curves: [
      { name: "paper: affine", y: curve({ profile: "paper" }) },
      { name: "released: symmetric", y: curve({ profile: "released", signed: true }) },
    ],
  });
}

/** What the two readings of eq. 3 make of attention probabilities. */
export function log2Transfer({ bits }: { bits: number }): PlotlySpec {
  const x = Float32Array.from({ length: 401 }, (_, i) => 2 ** (i / 20 - 20));
  const curve = (profile: "paper" | "released") =>
    Array.from(fakeQuantizeLog2(x, { bits, profile, maximum: 1 }));
  return transferCurves({
    title: `Log2 quantization to ${bits} bits`,
    input: { title: "probability", scale: "log" },
    output: { title: "quantized probability", scale: "log" },
    x: Array.from(x),
    curves: [
      { name: "paper: eq. 3 as printed", y: curve("paper") },
      { name: "released: no sign bit", y: curve("released") },
    ],
  });
}

/** How many times as large as the others the outlier channel is. */
const outliers = Array.from({ length: 11 }, (_, power) => 2 ** power);

/**
 * What 8 bits lose in the mean channel while one outlier channel widens the range of the tensor: one
 * step for all channels, TRIP with several K, and a step for each channel.
 */
export function errorAgainstRange({ seed = 0 } = {}): PlotlySpec {
  const [tokens, channels, bits] = [256, 64, 8];
  const samples = outliers.map((outlier) => sampleActivations({ tokens, channels, outlier, seed }));
  const error = (quantize: (x: Float32Array) => Float32Array) =>
    samples.map((x) => ({ value: channelError(x, quantize(x), channels) }));
  const minmax = (granularity: "tensor" | "channel") => (x: Float32Array) =>
    fakeQuantizeUniform(x, uniformGrid(observeRange(x, { channels, granularity }), { bits }));
  const trip = (K: number) => (x: Float32Array) =>
    fakeQuantizeUniform(x, searchTrip(x, { channels, bits, K }));
  return lineChart({
    title: "Error of 8 bits while one of 64 channels grows",
    x: { title: "outlier channel against the others", scale: "log" },
    y: { title: "relative squared error, mean of channels", scale: "log" },
    series: [
      { name: "one step (eq. 2)", x: outliers, y: error(minmax("tensor")), reference: true },
      { name: "TRIP, K = 3", x: outliers, y: error(trip(3)) },
      { name: "TRIP, K = 8", x: outliers, y: error(trip(8)) },
      { name: "a step per channel", x: outliers, y: error(minmax("channel")) },
    ],
  });
}
