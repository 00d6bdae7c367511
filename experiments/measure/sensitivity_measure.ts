import { type Estimate, letSignalsIn, mean } from "../../lib/core/mod.ts";
import { readScores, type RunHooks, scoreWindow } from "../../lib/eval/mod.ts";
import {
  calibrateMethod,
  type MethodName,
  methods,
  quantizingHook,
} from "../../lib/methods/mod.ts";
import {
  atSites,
  type ForwardOptions,
  linearGroups,
  type Model,
  type SiteHook,
  siteNames,
} from "../../lib/model/mod.ts";
import { type FigureSubject, quantizeSubject } from "./figure_subject.ts";
import { ratioOfMeans } from "./mean_estimate.ts";
import { calibrationOf } from "./subject.ts";

/** How sensitivity is measured. */
export interface SensitivitySettings {
  /** Whose quantizers are applied one at a time. */
  method: MethodName;
  /** Windows of the validation text. */
  windows: number;
}

/** What quantizing one thing alone costs. */
export interface Sensitivity {
  /** A site, or `weights of query, key, value`. */
  what: string;
  layer: number;
  /** Mean KL divergence from full precision, nats per token. */
  divergence: number;
}

/** The sensitivity of every part of a model. */
export interface MeasuredSensitivity {
  parts: Sensitivity[];
  /** How many times as much the part that costs most, over all layers, costs as the next. */
  lead: Estimate;
  /** The divergence with everything quantized at once. */
  together: number;
}

/** One thing to quantize while all else stays in full precision. */
interface Part {
  what: string;
  layer: number;
  model: Model;
  hook?: SiteHook;
}

/**
 * Quantizes each site of each layer, and each group of weights of each layer, alone, and measures how
 * far the next-token distributions move.
 */
export async function measureSensitivity(
  subject: FigureSubject,
  { method: name, windows }: SensitivitySettings,
  hooks: RunHooks,
): Promise<MeasuredSensitivity> {
  const { progress, signal } = hooks;
  const { model } = subject;
  const scored = subject.validationWindows.slice(0, windows);
  const divergences = (each: Model, options: ForwardOptions) =>
    scored.map((window) =>
      readScores([scoreWindow(each, window, { ...options, signal }, model)]).divergence!
    );
  const quantized = await quantizeSubject(subject, name, hooks);
  const parts = [...activationParts(subject, name, signal), ...weightParts(model, quantized.model)];
  const measured: WindowSensitivity[] = [];
  progress?.start(`sensitivity of ${model.name}`, parts.length);
  for (const { what, layer, model: each, hook } of parts) {
    signal?.throwIfAborted();
    measured.push({ what, layer, windows: divergences(each, { hook }) });
    progress?.update(measured.length);
    await letSignalsIn();
  }
  progress?.finish();
  const together = mean(divergences(quantized.model, quantized.forward));
  return {
    parts: measured.map(({ windows, ...part }) => ({ ...part, divergence: mean(windows) })),
    lead: leadOf(measured),
    together,
  };
}

/** What quantizing one thing alone costs in each window. */
type WindowSensitivity = Omit<Sensitivity, "divergence"> & { windows: number[] };

function leadOf(measured: readonly WindowSensitivity[]): Estimate {
  const sums = [...Map.groupBy(measured, ({ what }) => what).values()].map((layers) =>
    layers[0].windows.map((_, window) =>
      layers.reduce((total, { windows }) => total + windows[window], 0)
    )
  );
  const [most, next] = sums.toSorted((one, other) => mean(other) - mean(one));
  return ratioOfMeans(most, next);
}

/** Every site that the method quantizes, in every layer. */
function activationParts(
  subject: FigureSubject,
  name: MethodName,
  signal?: AbortSignal,
): Part[] {
  const { model, facts: { profile } } = subject;
  const { scheme, params } = calibrateMethod(
    model,
    methods[name],
    profile,
    () => calibrationOf(subject),
    { signal },
  );
  const quantize = quantizingHook(scheme, params);
  return siteNames.filter((site) => scheme.sites[site]).flatMap((what) =>
    model.weights.layers.map((_, layer) => ({
      what,
      layer,
      model,
      hook: atSites(
        [what],
        (value, visit) => visit.layer === layer ? quantize(value, visit) : value,
      ),
    }))
  );
}

/** Every group of linear maps that share their input, in every layer. */
function weightParts(full: Model, quantized: Model): Part[] {
  return linearGroups.flatMap((group) => {
    const names = group.filter((name) => full.weights.layers[0][name]);
    return full.weights.layers.map((own, layer): Part => {
      const swapped = names.map((name) => [name, quantized.weights.layers[layer][name]]);
      const layers = full.weights.layers.with(layer, { ...own, ...Object.fromEntries(swapped) });
      return {
        what: `weights of ${names.join(", ")}`,
        layer,
        model: { ...full, weights: { ...full.weights, layers } },
      };
    });
  });
}
