import { type ChannelSite, type SiteName, siteNames } from "../model/mod.ts";
import { allocatedBits, type BitAllocation } from "./allocated.ts";
import type { Pass } from "./pass.ts";

/** Bits of the values at each site, by layer. Plain data. */
export type SiteAllocation = BitAllocation<ChannelSite>;

/**
 * The sites that may have bits of their own where passes quantize them: all whose values are those of channels.
 * Attention maps, whose values are as many as there are keys, have the bits that the method gives them.
 */
export function allocatableSites(passes: readonly Pass[]): ChannelSite[] {
  return siteNames.filter((site): site is ChannelSite =>
    site !== "attn.probs" && passes.some(({ quantizes }) => quantizes?.[site])
  );
}

/**
 * The passes of a method whose sites have bits of their own: the values at each are quantized as the method does
 * with its bits. What a pass observes is observed once for each number of bits.
 *
 * Tokens that are computed in fewer bits keep these.
 *
 * @param passesWith The passes of the method with the same bits at all these sites; they differ in bits alone.
 */
export function allocatedSitePasses(
  allocation: SiteAllocation,
  passesWith: (bits: number) => readonly Pass[],
): Pass[] {
  const variants = allocatedBits(allocation).map((bits) => ({ bits, passes: passesWith(bits) }));
  const [first] = variants;
  const hasBits = (layer: number, site: SiteName, bits: number) =>
    bits === (site === "attn.probs" ? first.bits : allocation[layer][site]);
  return first.passes.flatMap((pass, order): Pass[] =>
    pass.quantize && !pass.lower
      ? variants.map(({ bits, passes }) => ({
        ...passes[order],
        settings: { allocation, bits, pass: passes[order].settings },
        quantizes: chosen(
          passes[order].quantizes ?? {},
          (site) => allocation.some((_, layer) => hasBits(layer, site, bits)),
        ),
        quantize: (seen, at, before) =>
          chosen(
            passes[order].quantize!(seen, at, before),
            (site) => hasBits(at.layer, site, bits),
          ),
      }))
      : [pass]
  );
}

/** What some sites have. */
function chosen<Value>(
  values: Readonly<Partial<Record<SiteName, Value>>>,
  isChosen: (site: SiteName) => boolean,
): Partial<Record<SiteName, Value>> {
  return Object.fromEntries(
    Object.entries(values).filter(([site]) => isChosen(site as SiteName)),
  );
}
