import { readScores, type RunHooks, scoreRuns } from "../../lib/eval/mod.ts";
import {
  calibrate,
  linearMapsOf,
  type MethodName,
  methods,
  type MethodSettings,
  type Pass,
  unquantized,
  weightPasses,
} from "../../lib/methods/mod.ts";
import type { LayerWeights, LinearName, Model } from "../../lib/model/mod.ts";
import type { CellKind } from "./cell_kind.ts";
import { calibrationOf, type OpenSubject, type SubjectFacts } from "./subject.ts";

/** What a measured sensitivity depends on besides the code: of a subject all but what it is tested on. */
export interface BitSensitivityConfig extends
  Pick<
    SubjectFacts,
    | "weights"
    | "settings"
    | "calibrationText"
    | "window"
    | "weightWindows"
    | "activationWindows"
    | "seed"
    | "matrixProduct"
    | "instructions"
  > {
  method: MethodName;
  /** Whose bits are not looked at. */
  methodSettings: MethodSettings;
  bits: number;
  layer: number;
  /** Windows of the calibration text that are scored, the first ones, and how many tokens of each at most. */
  scored: number;
  tokens: number;
}

/** What quantizing one linear map to so many bits costs while all else stays in full precision. */
export interface MapSensitivity {
  map: LinearName;
  weights: number;
  /** What it takes, scales and all. */
  byteLength: number;
  /** Mean KL divergence from full precision over the scored tokens of the calibration text, nats. */
  divergence: number;
}

/**
 * Quantizes each linear map of a layer alone, and measures how far the next-token distributions move: on the
 * calibration text, never on the one that tests.
 *
 * A method that calibrates has quantized the maps before this one as well when it comes to it; what it then made
 * of this one is looked at alone.
 *
 * @throws {InputError} If there is nothing to calibrate on, or the method does not fit the model.
 */
export async function measureBitSensitivity(
  subject: OpenSubject,
  config: BitSensitivityConfig,
  { progress, signal }: RunHooks,
): Promise<MapSensitivity[]> {
  const { model, versions } = subject;
  const { method, methodSettings, bits, layer, scored, tokens } = config;
  const passes = methods[method].with(methodSettings).with({ weights: { bits } })
    .passes(model.architecture);
  const calibration = calibrationOf(subject, config);
  const make = (chosen: readonly Pass[]) =>
    calibrate(unquantized(model), chosen, () => calibration, { progress, signal });
  const weights = weightPasses(passes);
  const { model: quantized } = await versions.get(weights, () => make(weights));
  const { model: full } = await make(passes.filter(({ remodel }) => remodel));
  const changed = await quantized.source.layer(layer);
  const maps = linearMapsOf(model.architecture);
  const base = { model: full, before: layer };
  const runners = maps.map((map) => ({ model: withMap(full, layer, map, changed), base }));
  const windows = calibration.activationWindows.slice(0, scored)
    .map((window) => window.subarray(0, tokens));
  const scores = await scoreRuns(runners, windows, {
    ...{ reference: model, progress, signal },
    label: "windows",
  });
  return maps.map((map, order) => {
    const { rows, columns, byteLength } = changed[map]!.weight;
    const { divergence } = readScores(scores.map((own) => own[order]));
    return { map, weights: rows * columns, byteLength, divergence: divergence!.value };
  });
}

/** The cells that bits are allocated by. */
export const bitSensitivityCells: CellKind<BitSensitivityConfig, MapSensitivity[]> = {
  experiment: "bit sensitivity",
  measure: measureBitSensitivity,
};

/** A model with one linear map of another's block in the place of its own. */
function withMap(full: Model, layer: number, map: LinearName, changed: LayerWeights): Model {
  const { source } = full;
  return {
    ...full,
    source: {
      ...source,
      async layer(index) {
        const own = await source.layer(index);
        return index === layer ? { ...own, [map]: changed[map] } : own;
      },
    },
  };
}
