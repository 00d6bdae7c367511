import type { RunHooks } from "../lib/eval/mod.ts";
import {
  type ActivationScheme,
  agileQ8,
  calibrateActivations,
  quantizationHook,
} from "../lib/methods/mod.ts";
import { type Architecture, forward, type SiteName } from "../lib/model/mod.ts";
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

/**
 * What each quantizer adds to the value at its site, on activations in full precision.
 *
 * @param windows How many test windows are measured.
 */
export async function measureNoise(
  subject: FigureSubject,
  windows: number,
  { progress, signal }: RunHooks,
): Promise<SiteNoise[]> {
  const { model, testWindows } = subject;
  const { activationWindows } = calibrationOf(subject);
  const names = Object.keys(noiseSchemes) as NoiseScheme[];
  const measured: SiteNoise[] = [];
  progress?.start(`noise of the sites of ${model.name}`, names.length);
  for (const name of names) {
    const scheme = noiseSchemes[name](model.architecture);
    const quantize = quantizationHook(
      scheme,
      calibrateActivations(model, activationWindows, scheme),
    );
    const powers = new Map<string, SiteNoise & NoisePower>();
    const hook: typeof quantize = (value, visit) => {
      const { site, layer } = visit;
      if (!scheme.sites[site]) return value;
      const found = noisePower(tensorData(value), tensorData(quantize(value, visit)));
      const key = `${site} ${layer}`;
      const sum = powers.get(key) ??
        { scheme: name, site, layer, ratio: 0, signal: 0, noise: 0 };
      sum.signal += found.signal;
      sum.noise += found.noise;
      powers.set(key, sum);
      return value;
    };
    for (const window of testWindows.slice(0, windows)) {
      signal?.throwIfAborted();
      tidy(() => void forward(model, window, { hook }));
      await new Promise((resolve) => setTimeout(resolve)); // lets signals in
    }
    for (const { scheme, site, layer, ...power } of powers.values()) {
      measured.push({ scheme, site, layer, ratio: decibels(power) });
    }
    progress?.update(names.indexOf(name) + 1);
  }
  progress?.finish();
  return measured;
}

/** The scheme with another K at the sites of TRIP. */
function withLargestPower({ profile, sites }: ActivationScheme, K: number): ActivationScheme {
  const changed = Object.entries(sites).map(([site, quantizer]) => [
    site,
    quantizer.kind === "trip" ? { ...quantizer, K } : quantizer,
  ]);
  return { profile, sites: Object.fromEntries(changed) };
}
