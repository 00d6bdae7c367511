import { bootstrap, canonicalJson, type Estimate, mean } from "../../lib/core/mod.ts";
import type { RunHooks } from "../../lib/eval/mod.ts";
import type { Profile } from "../../lib/format/mod.ts";
import {
  agileQScheme,
  calibrate,
  quantizingHook,
  sitePasses,
  type SiteScheme,
  unquantized,
} from "../../lib/methods/mod.ts";
import {
  type Architecture,
  atSites,
  runWindows,
  type SiteHook,
  type SiteName,
  siteNames,
} from "../../lib/model/mod.ts";
import { decibels, type NoisePower, noisePower } from "../../lib/quant/mod.ts";
import { tensorData, tf } from "../../lib/tensor/mod.ts";
import type { CellKind } from "./cell_kind.ts";
import type { FigureSubject } from "./figure_subject.ts";
import { calibrationOf } from "./subject.ts";

/** Readings of AgileQ-8's activation quantizers, by what tells them apart. */
export const noiseSchemes = {
  "one step per tensor": (architecture: Architecture) =>
    agileQScheme({ bits: 8, profile: "paper", K: 0 }, architecture),
  "TRIP, K = 3": (architecture: Architecture) => agileQ8("paper", architecture),
  "one step per channel or head": (architecture: Architecture) => agileQ8("released", architecture),
} satisfies Record<string, (architecture: Architecture) => SiteScheme>;

function agileQ8(profile: Profile, architecture: Architecture): SiteScheme {
  return agileQScheme({ bits: 8, profile }, architecture);
}

export type NoiseScheme = keyof typeof noiseSchemes;

/** The noise of one quantizer of one layer. */
export interface SiteNoise {
  scheme: NoiseScheme;
  site: SiteName;
  layer: number;
  /** Signal-to-noise ratio, dB. */
  ratio: number;
}

/** A site by its place in a block: schemes quantize q and k before or after the rotary embedding. */
export function placeOf(site: string): string {
  return site.replace("BeforeRotary", "");
}

/** What TRIP gains at one of its sites, mean of the layers, dB. */
export interface TripGain {
  /** As {@linkcode placeOf} calls it. */
  site: string;
  /** Over one step per tensor. */
  gain: Estimate;
  /** What a step per channel or head would gain over TRIP. */
  left: Estimate;
}

/** The noise of every quantizer of a model, and what TRIP takes off it. */
export interface MeasuredNoise {
  sites: SiteNoise[];
  /** What TRIP gains over one step per tensor, mean of its sites and layers, dB. */
  gain: Estimate;
  gains: TripGain[];
}

/** How noise is measured. */
export interface NoiseSettings {
  /** How many test windows. */
  windows: number;
}

/** What one quantizer of one layer did in each window. */
interface WindowNoise extends Omit<SiteNoise, "ratio"> {
  /** Whether it is a site of TRIP, under any scheme. */
  trip: boolean;
  windows: NoisePower[];
}

/** A reading with the quantizers that it calibrates. */
interface Reading {
  name: NoiseScheme;
  scheme: SiteScheme;
  quantize: SiteHook;
}

/** What each quantizer adds to the value at its site, on activations in full precision. */
export async function measureNoise(
  subject: FigureSubject,
  { windows }: NoiseSettings,
  { progress, signal }: RunHooks,
): Promise<MeasuredNoise> {
  const { model, testWindows } = subject;
  const { architecture } = model;
  const scored = testWindows.slice(0, windows);
  const names = Object.keys(noiseSchemes) as NoiseScheme[];
  const readings: Reading[] = [];
  progress?.start(`noise of the sites of ${model.name}`, names.length + 1);
  for (const name of names) {
    const scheme = noiseSchemes[name](architecture);
    const { sites } = await calibrate(
      unquantized(model),
      sitePasses(scheme),
      () => calibrationOf(subject),
      { signal },
    );
    readings.push({ name, scheme, quantize: quantizingHook(sites) });
    progress?.update(readings.length);
  }
  const isTrip = (site: SiteName) => readings.some(({ scheme }) => kindAt(scheme, site) === "trip");
  const tripPlaces = new Set(siteNames.filter(isTrip).map(placeOf));
  const measured = new Map<string, WindowNoise>();
  const visited = siteNames.filter((site) => readings.some(({ scheme }) => kindAt(scheme, site)));
  const hook = atSites(visited, (value, visit) => {
    const { site, layer, window } = visit;
    const before = tensorData(value);
    const noise = new Map<string, NoisePower>(); // of formats: readings may share one
    for (const { name, scheme, quantize } of readings) {
      const format = formatAt(scheme, site);
      if (format === undefined) continue;
      const found = noise.get(format) ??
        tf.tidy(() => ({ ...noisePower(before, tensorData(quantize(value, visit))) }));
      noise.set(format, found);
      const key = [name, site, layer].join();
      const trip = tripPlaces.has(placeOf(site));
      const own = measured.get(key) ?? { scheme: name, site, layer, trip, windows: [] };
      const part = own.windows[window]; // maps come in parts
      own.windows[window] = part ? sum([part, found]) : found;
      measured.set(key, own);
    }
    return value;
  });
  await runWindows([{ model, options: { hook } }], scored, { signal }, () => {});
  progress?.finish();
  const all = names.flatMap((name) =>
    [...measured.values()].filter(({ scheme }) => scheme === name)
  );
  return {
    sites: all.map(({ scheme, site, layer, windows }) => (
      { scheme, site, layer, ratio: decibels(sum(windows)) }
    )),
    ...tripGains(all.filter(({ trip }) => trip), scored.length),
  };
}

function kindAt({ sites }: SiteScheme, site: SiteName): string | undefined {
  return sites[site]?.kind;
}

/** All that decides what a scheme does at a site; the profile of the softmax is one of its own. */
function formatAt({ profile, sites }: SiteScheme, site: SiteName): string | undefined {
  const format = sites[site];
  return format && canonicalJson({ profile, ...format });
}

/** The cells of figure 3. */
export const noiseCells: CellKind<NoiseSettings, MeasuredNoise> = {
  experiment: "figure3",
  measure: measureNoise,
};

/** At the sites of TRIP, together and one by one. */
function tripGains(
  measured: readonly WindowNoise[],
  windows: number,
): Pick<MeasuredNoise, "gain" | "gains"> {
  const difference = (better: NoiseScheme, worse: NoiseScheme, places: readonly string[]) => {
    const ratio = (name: NoiseScheme, indices: Uint32Array) =>
      mean(
        measured.filter(({ scheme, site }) => scheme === name && places.includes(placeOf(site)))
          .map((each) => decibels(sum(Array.from(indices, (index) => each.windows[index])))),
      );
    const gain = (indices: Uint32Array) => ratio(better, indices) - ratio(worse, indices);
    return bootstrap(windows, gain, { seed: 0 });
  };
  const sites = [...new Set(measured.map(({ site }) => placeOf(site)))];
  const [tensor, trip, channel]: NoiseScheme[] = [
    "one step per tensor",
    "TRIP, K = 3",
    "one step per channel or head",
  ];
  return {
    gain: difference(trip, tensor, sites),
    gains: sites.map((site) => ({
      site,
      gain: difference(trip, tensor, [site]),
      left: difference(channel, trip, [site]),
    })),
  };
}

function sum(powers: readonly NoisePower[]): NoisePower {
  return powers.reduce((total, { signal, noise }) => (
    { signal: total.signal + signal, noise: total.noise + noise }
  ));
}
