import { type Architecture, linearGroups, type SiteName } from "../model/mod.ts";
import { dequantizeAbsmax, quantizeAbsmax } from "../quant/mod.ts";
import { tensorData, tf } from "../tensor/mod.ts";
import type { Pass } from "./pass.ts";
import { nameOf, type SiteQuantizer } from "./site_quantizer.ts";

/**
 * Quantizes and dequantizes a value as it comes.
 *
 * @param x `[tokens, channels]`; stays as it is.
 * @param name What errors call it.
 * @returns As many numbers.
 */
export type Rounding = (x: Float32Array, channels: number, name: string) => Float32Array;

/**
 * A pass that quantizes values at sites by nothing but these values: no calibration (dynamic quantization).
 *
 * @param bitsOf Bits of a value on average, where they are not those of the settings.
 */
export function dynamicPass(
  settings: unknown,
  sites: readonly SiteName[],
  rounding: Rounding,
  bitsOf?: (x: Float32Array, channels: number) => number,
): Pass {
  const quantizer: SiteQuantizer = {
    ...bitsOf && { bitsOf: (value) => bitsOf(tensorData(value), value.shape.at(-1)!) },
    apply(value, visit) {
      const rounded = rounding(tensorData(value), value.shape.at(-1)!, nameOf(visit));
      return tf.tensor(rounded, value.shape);
    },
  };
  return {
    name: "activations",
    settings,
    windows: "activations",
    quantizes: Object.fromEntries(sites.map((site) => [site, "own steps"])),
    quantize: () => Object.fromEntries(sites.map((site) => [site, quantizer])),
  };
}

/** Each token to multiples of a step of its own, by its largest magnitude (W8A8 of ZeroQuant, SmoothQuant). */
export function tokenAbsmax(bits: number): Rounding {
  return (x, channels, name) => dequantizeAbsmax(quantizeAbsmax(x, channels, bits, name));
}

/** What linear maps read. */
export const inputSites: readonly SiteName[] = linearGroups.map(({ reads }) => reads);

/** Where queries, keys and values are what their linear maps give. */
export function projectionSites({ positions }: Architecture): SiteName[] {
  const isRotary = positions.kind === "rotary";
  return isRotary
    ? ["attn.qBeforeRotary", "attn.kBeforeRotary", "attn.v"]
    : ["attn.q", "attn.k", "attn.v"];
}
