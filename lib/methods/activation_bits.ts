import { mean } from "../core/mod.ts";
import { type Architecture, linearGroups, type SiteName } from "../model/mod.ts";
import type { SiteScheme } from "./site_scheme.ts";

/** Bits of a value that is not quantized: as many as of the 16-bit floats that models are made for. */
export const floatBits = 16;

/**
 * Bits of the values that linear maps read, on average over all that a token has in a block: of codes alone, without
 * their steps. Of the share of tokens that are computed in fewer bits these count.
 */
export function schemeBits({ sites, lower }: SiteScheme, architecture: Architecture): number {
  const share = lower ? mean([lower.share].flat()) : 0;
  const least: SiteScheme["sites"] = lower?.sites ?? {};
  const inputs = linearGroups.map(({ reads: site }) => {
    const bits = sites[site]?.bits ?? floatBits;
    const fewer = least[site]?.bits ?? bits;
    return { width: inputWidth(site, architecture), bits: (1 - share) * bits + share * fewer };
  });
  const values = inputs.reduce((sum, { width }) => sum + width, 0);
  return inputs.reduce((sum, { width, bits }) => sum + width * bits, 0) / values;
}

/** How many channels a token has where linear maps read it. */
function inputWidth(site: SiteName, architecture: Architecture): number {
  const { hiddenSize, intermediateSize, heads, headDim } = architecture;
  if (site === "mlp.hidden") return intermediateSize;
  return site === "attn.output" ? heads * headDim : hiddenSize;
}
