import { bootstrap, type Estimate, mean } from "../lib/core/mod.ts";
import type { RunHooks } from "../lib/eval/mod.ts";
import {
  type ActivationScheme,
  agileQ8,
  calibrateActivations,
  quantizingHook,
} from "../lib/methods/mod.ts";
import { type Architecture, atSites, forward, type SiteName } from "../lib/model/mod.ts";
import { decibels, type NoisePower, noisePower } from "../lib/quant/mod.ts";
import { tensorData, tidy } from "../lib/tensor/mod.ts";
import { calibrationOf, type FigureSubject } from "./figure_subject.ts";

/** Readings of AgileQ-8's activation quantizers, by what tells them apart. */
export const noiseSchemes = {
  "one step per tensor": (architecture: Architecture) =>
    withLargestPower(agileQ8("paper", architecture), 0),
  "TRIP, K = 3": (architecture: Architecture) => agileQ8("paper", architecture),
  "one step per channel or head": (architecture: Architecture) => agileQ8("released", architecture),
} satisfies Record<string, (architecture: Architecture) => ActivationScheme>;

export type NoiseScheme = keyof typeof noiseSchemes;

/** The noise of one quantizer of one layer. */
export interface SiteNoise {
  scheme: NoiseScheme;
  site: SiteName;
  layer: number;
  /** Signal-to-noise ratio, dB. */
  ratio: number;
}

/** The noise of every quantizer of a model, and what TRIP takes off it. */
export interface MeasuredNoise {
  sites: SiteNoise[];
  /** What TRIP gains over one step per tensor, mean of its sites and layers, dB. */
  gain: Estimate;
}

/** What one quantizer of one layer did in each window. */
interface WindowNoise extends Omit<SiteNoise, "ratio"> {
  trip: boolean;
  windows: NoisePower[];
}

/**
 * What each quantizer adds to the value at its site, on activations in full precision.
 *
 * @param windows How many test windows are measured.
 */
export async function measureNoise(
  subject: FigureSubject,
  windows: number,
  { progress, signal }: RunHooks,
): Promise<MeasuredNoise> {
  const { model, testWindows } = subject;
  const { activationWindows } = calibrationOf(subject);
  const names = Object.keys(noiseSchemes) as NoiseScheme[];
  const measured = new Map<string, WindowNoise>();
  const scored = testWindows.slice(0, windows);
  progress?.start(`noise of the sites of ${model.name}`, names.length);
  for (const name of names) {
    const scheme = noiseSchemes[name](model.architecture);
    const quantize = quantizingHook(
      scheme,
      calibrateActivations(model, activationWindows, scheme),
    );
    for (const [index, window] of scored.entries()) {
      const hook = atSites(quantize.sites!, (value, visit) => {
        const { site, layer } = visit;
        const found = noisePower(tensorData(value), tensorData(quantize(value, visit)));
        const key = [name, site, layer].join();
        const trip = scheme.sites[site]!.kind === "trip";
        const own = measured.get(key) ?? { scheme: name, site, layer, trip, windows: [] };
        const before = own.windows[index]; // maps come in parts
        own.windows[index] = before ? sum([before, found]) : found;
        measured.set(key, own);
        return value;
      });
      signal?.throwIfAborted();
      tidy(() => void forward(model, window, { hook }));
      await new Promise((resolve) => setTimeout(resolve)); // lets signals in
    }
    progress?.update(names.indexOf(name) + 1);
  }
  progress?.finish();
  const all = [...measured.values()];
  return {
    sites: all.map(({ scheme, site, layer, windows }) => (
      { scheme, site, layer, ratio: decibels(sum(windows)) }
    )),
    gain: tripGain(all, scored.length),
  };
}

function tripGain(measured: readonly WindowNoise[], windows: number): Estimate {
  const ratiosOf = (name: NoiseScheme, indices: Uint32Array) =>
    measured.filter(({ scheme, trip }) => scheme === name && trip).map((each) =>
      decibels(sum(Array.from(indices, (index) => each.windows[index])))
    );
  const gain = (indices: Uint32Array) =>
    mean(ratiosOf("TRIP, K = 3", indices)) - mean(ratiosOf("one step per tensor", indices));
  return bootstrap(windows, gain, { seed: 0 });
}

function sum(powers: readonly NoisePower[]): NoisePower {
  return powers.reduce((total, { signal, noise }) => (
    { signal: total.signal + signal, noise: total.noise + noise }
  ));
}

/** The scheme with another K at the sites of TRIP. */
function withLargestPower({ profile, sites }: ActivationScheme, K: number): ActivationScheme {
  const changed = Object.entries(sites).map(([site, quantizer]) => [
    site,
    quantizer.kind === "trip" ? { ...quantizer, K } : quantizer,
  ]);
  return { profile, sites: Object.fromEntries(changed) };
}
