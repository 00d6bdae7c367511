import { readScores, type RunHooks, scoreRuns } from "../../lib/eval/mod.ts";
import {
  allocatableSites,
  type AllocatedPart,
  calibrate,
  linearMapsOf,
  type MethodName,
  methods,
  type MethodSettings,
  type Pass,
  type Quantized,
  siteWidth,
  unquantized,
  weightPasses,
} from "../../lib/methods/mod.ts";
import {
  atSites,
  type ChannelSite,
  type LayerWeights,
  type LinearName,
  type Model,
  type Runner,
} from "../../lib/model/mod.ts";
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
  /** Whose bits of that part are not looked at. */
  methodSettings: MethodSettings;
  /** Whether linear maps are quantized, or values at sites. */
  part: AllocatedPart;
  bits: number;
  layer: number;
  /** Windows of the calibration text that are scored, the first ones, and how many tokens of each at most. */
  scored: number;
  tokens: number;
}

/** What one linear map, or the values at one site, cost in so many bits while all else stays in full precision. */
export interface BitSensitivity {
  name: LinearName | ChannelSite;
  /** How many weights the map has; how many values a token has at the site. */
  values: number;
  /** What these take: weights with scales and all, values of activations without. */
  byteLength: number;
  /** Mean KL divergence from full precision over the scored tokens of the calibration text, nats. */
  divergence: number;
}

/** The passes that make what is looked at, one map or site at a time; cells that have the same share it. */
export function sensitivityPasses(passes: readonly Pass[], part: AllocatedPart): readonly Pass[] {
  return part === "weights" ? weightPasses(passes) : passes.filter(({ rewrite }) => !rewrite);
}

/** One map, or site, quantized alone. */
interface Alone extends Omit<BitSensitivity, "divergence"> {
  runner: Runner;
}

/**
 * Quantizes each linear map of a layer alone, or the values at each of its sites, and measures how far the
 * next-token distributions move: on the calibration text, never on the one that tests.
 *
 * A method that calibrates has quantized the maps before this one as well when it comes to it; what it then made
 * of this one is looked at alone. Sites are calibrated in full precision.
 *
 * @throws {InputError} If there is nothing to calibrate on, or the method does not fit the model.
 */
export async function measureBitSensitivity(
  subject: OpenSubject,
  config: BitSensitivityConfig,
  { progress, signal }: RunHooks,
): Promise<BitSensitivity[]> {
  const { model, versions } = subject;
  const { method, methodSettings, part, bits, scored, tokens } = config;
  const passes = methods[method].with(methodSettings).withSame(part, bits)
    .passes(model.architecture);
  const calibration = calibrationOf(subject, config);
  const make = (chosen: readonly Pass[]) =>
    versions.get(
      chosen,
      () => calibrate(unquantized(model), chosen, () => calibration, { progress, signal }),
    );
  const alone = part === "weights"
    ? await mapsAlone(passes, config, make)
    : await sitesAlone(passes, config, make);
  const windows = calibration.activationWindows.slice(0, scored)
    .map((window) => window.subarray(0, tokens));
  const scores = await scoreRuns(alone.map(({ runner }) => runner), windows, {
    ...{ reference: model, progress, signal },
    label: "windows",
  });
  return alone.map(({ runner: _, ...size }, order) => {
    const { divergence } = readScores(scores.map((own) => own[order]));
    return { ...size, divergence: divergence!.value };
  });
}

/** The model as some of the passes leave it, which may have been made before. */
type Make = (passes: readonly Pass[]) => Promise<Quantized>;

async function mapsAlone(
  passes: readonly Pass[],
  { layer }: BitSensitivityConfig,
  make: Make,
): Promise<Alone[]> {
  const { model: quantized } = await make(sensitivityPasses(passes, "weights"));
  const { model: full } = await make(passes.filter(({ remodel }) => remodel));
  const changed = await quantized.source.layer(layer);
  return linearMapsOf(full.architecture).map((name) => {
    const { rows, columns, byteLength } = changed[name]!.weight;
    const runner = {
      model: withMap(full, layer, name, changed),
      base: { model: full, before: layer },
    };
    return { name, values: rows * columns, byteLength, runner };
  });
}

async function sitesAlone(
  passes: readonly Pass[],
  { layer, bits }: BitSensitivityConfig,
  make: Make,
): Promise<Alone[]> {
  const { model, sites, lower } = await make(sensitivityPasses(passes, "activations"));
  return allocatableSites(passes).map((name) => {
    const values = siteWidth(name, model.architecture);
    const hook = atSites(
      [name],
      (value, visit) => visit.layer === layer ? sites[layer][name]!.apply(value, visit) : value,
    );
    const runner = {
      ...{ model, options: { hook, lower } },
      base: { model, before: layer, options: { lower } },
    };
    return { name, values, byteLength: values * bits / 8, runner };
  });
}

/** The cells that bits are allocated by. */
export const bitSensitivityCells: CellKind<BitSensitivityConfig, BitSensitivity[]> = {
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
