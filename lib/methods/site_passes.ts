import { require } from "../core/mod.ts";
import type { Profile, UniformGrid } from "../format/mod.ts";
import type { SiteName } from "../model/mod.ts";
import { type Range, uniformGrid } from "../quant/mod.ts";
import type { BlockContext, Observation, Pass } from "./pass.ts";
import type { Seen } from "./seen.ts";
import {
  firstQuantizer,
  log2Quantizer,
  lowerQuantizer,
  type SiteQuantizer,
  type SiteQuantizers,
  tokenQuantizer,
  uniformQuantizer,
} from "./site_quantizer.ts";
import type { CalibratedFormat, SiteScheme } from "./site_scheme.ts";

/**
 * The passes that quantize values at the sites of a scheme.
 *
 * Ranges cover all windows. So does TRIP's choice of alpha: eq. 8 is taken over all tokens, and the
 * order of the windows does not matter. The released code chooses alpha on the last window alone but
 * has no site with TRIP; a rare outlier elsewhere would then be clipped.
 *
 * @throws {InputError} If the least important tokens have a site that the others have not, or tokens are apart for
 *   two reasons.
 */
export function sitePasses({ profile, sites, lower, firstApart = false }: SiteScheme): Pass[] {
  const all: Pass = {
    ...passOf({ profile, sites }),
    quantize: (seen, at) => quantizersOf(sites, profile, seen, at),
  };
  const alone = "the first token must not be apart where tokens are by their importance";
  require(!(firstApart && lower), "quantize activations", alone);
  if (firstApart) return firstPasses(all, { profile, sites });
  if (!lower) return [all];
  const { share, inherited, calibratedOn } = lower;
  const stray = Object.keys(lower.sites).find((site) => !(site in sites));
  const rule = "its sites must be among those of all tokens";
  require(stray === undefined, "quantize tokens by importance", rule, stray);
  const least: Pass = {
    ...passOf({ profile, sites: lower.sites }),
    settings: { profile, lower },
    lower: { share, inherited },
    ...calibratedOn === "these" && { sees: "lower" },
    quantize(seen, at, before) {
      const own = quantizersOf(lower.sites, profile, seen, at);
      const joined = entriesOf(own).map(([site, quantizer]) => [
        site,
        lowerQuantizer(quantizer, before[site]!),
      ]);
      return Object.fromEntries(joined);
    },
  };
  return [all, least];
}

/** The passes that find steps for all tokens but the first ones of windows, and for these alone. */
function firstPasses(
  all: Pass,
  { profile, sites: { "attn.probs": _, ...sites } }: SiteScheme,
): Pass[] {
  const passOfTokens = (pass: Pass, sees: "first" | "behind first"): Pass => ({
    ...pass,
    settings: { tokens: sees, pass: pass.settings },
    sees,
  });
  const first: Pass = {
    ...passOf({ profile, sites }),
    quantize(seen, at, before) {
      const own = quantizersOf(sites, profile, seen, at);
      return Object.fromEntries(
        entriesOf(own).map(([site, quantizer]) => [site, firstQuantizer(quantizer, before[site]!)]),
      );
    },
  };
  return [passOfTokens(all, "behind first"), passOfTokens(first, "first")];
}

function passOf(scheme: SiteScheme): Pass {
  const { profile, sites } = scheme;
  const observes: Partial<Record<SiteName, Observation>> = {};
  const quantizes: Partial<Record<SiteName, "shared steps" | "own steps">> = {};
  for (const [site, format] of entriesOf(sites)) {
    if (format.kind === "log2") continue;
    if (format.kind === "token") {
      quantizes[site] = "own steps";
      continue;
    }
    observes[site] = observationOf(format, profile);
    const shares = format.kind === "trip" || format.granularity === "tensor";
    quantizes[site] = shares ? "shared steps" : "own steps";
  }
  return {
    name: "activations",
    settings: { profile, sites },
    windows: "activations",
    ...Object.keys(observes).length > 0 && { observes },
    quantizes,
  };
}

function observationOf(format: CalibratedFormat, profile: Profile): Observation {
  if (format.kind === "trip") return { trip: { bits: format.bits, K: format.K, profile } };
  return format.granularity === "tensor" ? "range" : "channelRange";
}

function quantizersOf(
  sites: SiteScheme["sites"],
  profile: Profile,
  seen: Seen,
  at: BlockContext,
): SiteQuantizers {
  return Object.fromEntries(
    entriesOf(sites).map(([site, format]): [SiteName, SiteQuantizer] => {
      if (format.kind === "log2") return [site, log2Quantizer(site, format)];
      if (format.kind === "token") return [site, tokenQuantizer({ ...format, profile })];
      at.onStep(0);
      return [site, uniformQuantizer(gridOf(site, format, profile, seen, at))];
    }),
  );
}

function gridOf(
  site: SiteName,
  format: CalibratedFormat,
  profile: Profile,
  seen: Seen,
  { layer, architecture: { headDim } }: BlockContext,
): UniformGrid {
  if (format.kind === "trip") return seen.trip(site);
  const name = `${site} of layer ${layer}`;
  const range = seen.range(site);
  const own = format.granularity === "head" ? rangeOfHeads(range, headDim) : range;
  return uniformGrid(own, { bits: format.bits, profile, signed: format.signed, name });
}

/** The range of each head of channels, which share one. */
function rangeOfHeads({ min, max }: Range, headDim: number): Range {
  const heads = min.length / headDim;
  const over = (values: Float32Array, reduce: (...values: number[]) => number) =>
    Float32Array.from(
      { length: heads },
      (_, head) => reduce(...values.subarray(head * headDim, (head + 1) * headDim)),
    );
  return { min: over(min, Math.min), max: over(max, Math.max), inner: headDim };
}

function entriesOf<Value>(record: Partial<Record<SiteName, Value>>): [SiteName, Value][] {
  return Object.entries(record) as [SiteName, Value][];
}
