import { type NumberType, typedMatrix } from "../format/mod.ts";
import {
  dequantizeTyped,
  noisePower,
  quantizeTyped,
  requireFinite,
  roundTyped,
  tensorScale,
  type TypedOptions,
} from "../quant/mod.ts";
import { tensorData, tf } from "../tensor/mod.ts";
import { inputSites } from "./dynamic_pass.ts";
import type { Pass } from "./pass.ts";
import { nameOf, type SiteQuantizer } from "./site_quantizer.ts";
import { weightsPass } from "./weights_pass.ts";

/**
 * Stores each weight matrix as numbers of that one of some types which loses least.
 *
 * @param types The first of equals is taken.
 */
export function leastNoiseWeights(
  name: string,
  types: readonly NumberType[],
  settings: TypedOptions,
): Pass {
  return weightsPass(name, settings, ({ values, rows, columns, name }) => {
    const { type, result } = leastNoise(types, (type) => {
      const result = quantizeTyped(values, columns, type, settings, name);
      const { noise } = noisePower(values, dequantizeTyped(result, columns, type));
      return { result, noise };
    });
    return typedMatrix({ ...result, rows, columns, types: [type], name });
  });
}

/**
 * Rounds the inputs of linear maps to that one of some types which loses least of the calibration windows, with one
 * scale for each tensor, by these windows.
 *
 * @param settings Plain data that says what the pass does.
 */
export function leastNoiseActivations(types: readonly NumberType[], settings: unknown): Pass {
  return {
    name: "activations",
    settings,
    windows: "activations",
    observes: Object.fromEntries(inputSites.map((site) => [site, "values"])),
    quantizes: Object.fromEntries(inputSites.map((site) => [site, "own steps"])),
    quantize: (seen, { onStep }) =>
      Object.fromEntries(inputSites.map((site, place) => {
        onStep(place / inputSites.length);
        return [site, leastNoiseQuantizer(seen.values(site).windows, types)];
      })),
  };
}

/** Rounds to the type that loses least of some windows, with the scale that fits them. */
export function leastNoiseQuantizer(
  windows: readonly Float32Array[],
  types: readonly NumberType[],
): SiteQuantizer & { type: NumberType } {
  let largest = 0;
  for (const x of windows) for (const value of x) largest = Math.max(largest, Math.abs(value));
  const { type, result: scale } = leastNoise(types, (type) => {
    const scale = tensorScale(largest, type);
    let noise = 0;
    for (const x of windows) noise += noisePower(x, roundTyped(x, type, scale)).noise;
    return { result: scale, noise };
  });
  return {
    type,
    apply(value, visit) {
      const x = tensorData(value);
      requireFinite(x, nameOf(visit));
      return tf.tensor(roundTyped(x, type, scale), value.shape);
    },
  };
}

/** The type with the least noise, the first of equals, and what came of it. */
function leastNoise<Result>(
  [first, ...others]: readonly NumberType[],
  quantize: (type: NumberType) => { result: Result; noise: number },
): { type: NumberType; result: Result } {
  let best = { type: first, ...quantize(first) };
  for (const type of others) {
    const tried = quantize(type);
    if (tried.noise < best.noise) best = { type, ...tried };
  }
  return best;
}
