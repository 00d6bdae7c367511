import { type Estimate, pauses } from "../../lib/core/mod.ts";
import { readScores, type RunHooks, scoreRuns } from "../../lib/eval/mod.ts";
import {
  calibrate,
  type CalibratedFormat,
  emulate,
  injectOutliers,
  sitePasses,
  unquantized,
} from "../../lib/methods/mod.ts";
import {
  type ForwardOptions,
  type Model,
  openBlock,
  openOuter,
  runBlock,
  Streams,
} from "../../lib/model/mod.ts";
import { noisePower } from "../../lib/quant/mod.ts";
import { tensorData, tf, tidy } from "../../lib/tensor/mod.ts";
import type { CellKind } from "./cell_kind.ts";
import { meanEstimate } from "./mean_estimate.ts";
import { calibrationOf, type OpenSubject } from "./subject.ts";

/** How a model is put under the stress of outlier channels. */
export interface StressSettings {
  /** Channels behind every norm that become outliers, drawn from the seed. */
  outliers: number;
  outlierSeed: number;
  /** Of the values behind the norms, which alone are quantized. */
  bits: number;
  /** TRIP's largest powers that are tried. */
  largestPowers: readonly number[];
  /** Test windows. */
  windows: number;
}

/** Those settings and how many times as large the outlier channels become. */
export interface StressConfig extends StressSettings {
  factor: number;
}

/** What one way to choose steps does under one factor. */
export interface Stressed {
  /** `layer-wise`, `TRIP, K = 3` or `channel-wise`. */
  steps: string;
  /**
   * What quantization changes of what a block adds to the stream, as a share of its power; the block reads
   * values in full precision. Mean of the blocks.
   */
  error: Estimate;
  /** Perplexity over that in full precision. */
  ratio: Estimate;
  perplexity: Estimate;
}

/** What {@linkcode Stressed.steps} calls the steps of TRIP; without powers it is one for the whole tensor. */
export function tripSteps(K: number): string {
  return K === 0 ? "layer-wise" : `TRIP, K = ${K}`;
}

/** Ways to choose the steps of channels, from one for all to one for each, by name. */
export function stressFormats(
  { bits, largestPowers }: Pick<StressSettings, "bits" | "largestPowers">,
): Map<string, CalibratedFormat> {
  const trip = (K: number): [string, CalibratedFormat] => [tripSteps(K), { kind: "trip", bits, K }];
  return new Map([
    ...[0, ...largestPowers].map(trip),
    ["channel-wise", { kind: "uniform", bits, signed: false, granularity: "channel" }],
  ]);
}

/**
 * Gives a model outlier channels that change nothing of what it computes, and measures what quantizing the
 * values behind its norms then costs.
 *
 * @throws {InputError} If the norms of the model allow no such channels.
 */
export async function measureStress(
  subject: OpenSubject,
  { outliers, outlierSeed, factor, windows: count, ...settings }: StressConfig,
  hooks: RunHooks,
): Promise<Stressed[]> {
  const channels = { count: outliers, seed: outlierSeed };
  const model = injectOutliers(subject.model, { channels, factor });
  const windows = subject.testWindows.slice(0, count);
  const formats = stressFormats(settings);
  const options: ForwardOptions[] = [];
  for (const format of formats.values()) {
    const passes = sitePasses({
      profile: "paper",
      sites: { "attn.input": format, "mlp.input": format },
    });
    const calibration = () => calibrationOf(subject);
    options.push(emulate(await calibrate(unquantized(model), passes, calibration, hooks)).forward);
  }
  const errors = await blockErrors(model, options, windows, hooks);
  const runners = options.map((each) => ({ model, options: each }));
  const label = `outliers of ${factor} times in ${model.name}`;
  const scores = await scoreRuns(runners, windows, { ...hooks, reference: subject.model, label });
  return [...formats.keys()].map((steps, order) => {
    const { perplexity, ratio } = readScores(scores.map((each) => each[order]));
    return { steps, error: meanEstimate(errors[order]), ratio: ratio!, perplexity };
  });
}

/** The cells of figure `stress`. */
export const stressCells: CellKind<StressConfig, Stressed[]> = {
  experiment: "stress",
  measure: measureStress,
};

/**
 * What options change of what the blocks of a model add to the stream in full precision, as a share of its
 * power and mean of the blocks: `[options][windows]`.
 */
async function blockErrors(
  model: Model,
  options: readonly ForwardOptions[],
  windows: readonly Int32Array[],
  { progress, signal }: RunHooks,
): Promise<number[][]> {
  const { architecture, source } = model;
  const pause = pauses(signal);
  const errors = options.map(() => windows.map(() => 0));
  using outer = openOuter(source.outer);
  using streams = new Streams({ architecture, outer }, windows);
  progress?.start(`errors of the blocks of ${model.name}`, architecture.layers);
  for (let layer = 0; layer < architecture.layers; layer++) {
    using block = await openBlock(model, layer);
    for (const window of windows.keys()) {
      await pause();
      tidy(() => {
        const before = streams.at(window);
        const added = (each?: ForwardOptions) => {
          const { state } = runBlock(architecture, block, before, { ...each, window });
          return tensorData(tf.sub(state.hidden, before.hidden));
        };
        const full = added();
        for (const [order, each] of options.entries()) {
          const { signal: power, noise } = noisePower(full, added(each));
          errors[order][window] += noise / power / architecture.layers;
        }
      });
      streams.advance(window, block);
      progress?.update(layer + (window + 1) / windows.length);
    }
  }
  progress?.finish();
  return errors;
}
