import { type Estimate, mean, silent } from "../../lib/core/mod.ts";
import { readScores, type RunHooks, scoreRuns } from "../../lib/eval/mod.ts";
import {
  calibrate,
  type MethodName,
  methods,
  type Pass,
  type Quantized,
  unquantized,
} from "../../lib/methods/mod.ts";
import {
  atSites,
  linearGroups,
  type Model,
  residentSource,
  type Runner,
  type SiteHook,
  siteNames,
} from "../../lib/model/mod.ts";
import type { CellKind } from "./cell_kind.ts";
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
  const divergences = async (runners: readonly Runner[], onStep = (_done: number) => {}) => {
    const watched = { progress: { ...silent, update: onStep }, signal, reference: model };
    const scores = await scoreRuns(runners, scored, watched);
    return runners.map((_, order) =>
      scores.map((own) => readScores([own[order]]).divergence!.value)
    );
  };
  const quantized = await quantizeSubject(subject, name, hooks);
  const passes = methods[name].passes(model.architecture);
  const calibrateOn = (start: Model, chosen: readonly Pass[]) =>
    calibrate(unquantized(start), chosen, () => calibrationOf(subject), { signal });
  const { model: full } = await calibrateOn(model, passes.filter(({ remodel }) => remodel));
  const others = passes.filter(({ rewrite, remodel }) => !rewrite && !remodel);
  const calibrated = await calibrateOn(full, others);
  const { lower } = calibrated;
  const parts = [
    ...activationParts(calibrated),
    ...await weightParts(full, quantized.model),
  ];
  const measured: WindowSensitivity[] = [];
  progress?.start(`sensitivity of ${model.name}`, parts.length);
  // The layers of one thing share a run in full precision, and the blocks before each.
  for (const layers of Map.groupBy(parts, ({ what }) => what).values()) {
    const runners = layers.map(({ model, layer, hook }): Runner => ({
      ...{ model, options: { hook, lower } },
      base: { model: full, before: layer, options: { lower } },
    }));
    const before = measured.length;
    const found = await divergences(
      runners,
      (done) => progress?.update(before + layers.length * done / scored.length),
    );
    layers.forEach(({ what, layer }, order) =>
      measured.push({ what, layer, windows: found[order] })
    );
  }
  progress?.finish();
  const [all] = await divergences([{ model: quantized.model, options: quantized.forward }]);
  const together = mean(all);
  return {
    parts: measured.map(({ windows, ...part }) => ({ ...part, divergence: mean(windows) })),
    lead: leadOf(measured),
    together,
  };
}

/** The cells of the figure of sensitivity. */
export const sensitivityCells: CellKind<SensitivitySettings, MeasuredSensitivity> = {
  experiment: "sensitivity",
  measure: measureSensitivity,
};

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

/** Every site that the method quantizes, in every layer; the weights stay as they are. */
function activationParts({ model, sites }: Quantized): Part[] {
  return siteNames.filter((site) => sites[0][site]).flatMap((what) =>
    sites.map((quantizers, layer) => ({
      what,
      layer,
      model,
      hook: atSites(
        [what],
        (value, visit) => visit.layer === layer ? quantizers[what]!.apply(value, visit) : value,
      ),
    }))
  );
}

/** Every group of linear maps that share their input, in every layer. */
async function weightParts(full: Model, quantized: Model): Promise<Part[]> {
  const { layers: count } = full.architecture;
  const layersOf = ({ source }: Model) =>
    Promise.all(Array.from({ length: count }, (_, layer) => source.layer(layer)));
  const [own, other] = [await layersOf(full), await layersOf(quantized)];
  return linearGroups.flatMap((group) => {
    const names = group.names.filter((name) => own[0][name]);
    return own.map((weights, layer): Part => {
      const swapped = names.map((name) => [name, other[layer][name]]);
      const layers = own.with(layer, { ...weights, ...Object.fromEntries(swapped) });
      return {
        what: `weights of ${names.join(", ")}`,
        layer,
        model: { ...full, source: residentSource({ outer: full.source.outer, layers }) },
      };
    });
  });
}
