import { mean } from "../core/mod.ts";
import {
  type Architecture,
  atSites,
  type ChannelSite,
  linearGroups,
  type SiteHook,
} from "../model/mod.ts";
import type { SiteAllocation } from "./allocated_sites.ts";
import type { SiteQuantizers } from "./site_quantizer.ts";
import type { SiteScheme } from "./site_scheme.ts";

/** Bits of a value that is not quantized: as many as of the 16-bit floats that models are made for. */
export const floatBits = 16;

/**
 * Bits of the values that linear maps read, on average over all that a token has in a block: of codes alone, without
 * their steps. Of the share of tokens that are computed in fewer bits these count.
 *
 * @param allocation The bits of each site of each layer, in place of those of the scheme where it has them.
 */
export function schemeBits(
  { sites, lower }: Omit<SiteScheme, "profile">,
  architecture: Architecture,
  allocation: SiteAllocation = [{}],
): number {
  const share = lower ? mean([lower.share].flat()) : 0;
  const least: SiteScheme["sites"] = lower?.sites ?? {};
  const inputs = linearGroups.flatMap(({ reads: site }) =>
    allocation.map((own) => {
      const bits = own[site] ?? sites[site]?.bits ?? floatBits;
      const fewer = least[site]?.bits ?? bits;
      return { width: siteWidth(site, architecture), bits: (1 - share) * bits + share * fewer };
    })
  );
  const values = inputs.reduce((sum, { width }) => sum + width, 0);
  return inputs.reduce((sum, { width, bits }) => sum + width * bits, 0) / values;
}

/** A hook, and the bits that its quantizers say they gave values on average; undefined before there was one. */
export interface MeteredHook {
  hook: SiteHook;
  average(): number | undefined;
}

/** Counts the bits of the values that a hook sees, where the quantizers of a block say how many they give them. */
export function meterBits(hook: SiteHook, layers: readonly SiteQuantizers[]): MeteredHook {
  let [bits, values] = [0, 0];
  return {
    hook: atSites(hook.sites!, (value, visit) => {
      const own = layers[visit.layer][visit.site]?.bitsOf?.(value);
      if (own !== undefined) {
        bits += own * value.size;
        values += value.size;
      }
      return hook(value, visit);
    }),
    average: () => values > 0 ? bits / values : undefined,
  };
}

/** How many channels a token has at a site. */
export function siteWidth(site: ChannelSite, architecture: Architecture): number {
  const { hiddenSize, intermediateSize, heads, keyValueHeads, headDim } = architecture;
  switch (site) {
    case "attn.input":
    case "mlp.input":
      return hiddenSize;
    case "mlp.hidden":
      return intermediateSize;
    case "attn.qBeforeRotary":
    case "attn.q":
    case "attn.output":
      return heads * headDim;
    case "attn.kBeforeRotary":
    case "attn.k":
    case "attn.v":
      return keyValueHeads * headDim;
  }
}
