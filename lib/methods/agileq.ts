import { require } from "../core/mod.ts";
import { isObject } from "../io/mod.ts";
import type { Profile } from "../format/mod.ts";
import type { Architecture, LowerTokens } from "../model/mod.ts";
import type { GptqOptions } from "../quant/mod.ts";
import { schemeBits } from "./activation_bits.ts";
import { gptqPasses } from "./gptq.ts";
import { floatCounts, integerCounts } from "./map_counts.ts";
import { bitsLabel, type Method } from "./method.ts";
import { sitePasses } from "./site_passes.ts";
import {
  importanceSites,
  type SiteFormat,
  type SiteGranularity,
  type SiteScheme,
} from "./site_scheme.ts";

/** The settings of Agile-Quant. */
export interface AgileQSettings {
  /** GPTQ's; weights stay as they are stored without. */
  weights?: GptqOptions;
  activations: AgileQActivations;
}

/** How Agile-Quant quantizes activations (figure 3). */
export interface AgileQActivations {
  /** At the sites after the softmax: 8 (AgileQ-8) or 4 (AgileQ-4). */
  bits: number;
  /** At those before it: what queries, keys and values are made from, and they; 8 unless given. */
  earlierBits?: number;
  /**
   * Profile `paper` uses TRIP at every site but the softmax and the input of the output projection,
   * which has one scale per tensor, and quantizes queries and keys where they are multiplied. Profile
   * `released` uses symmetric min-max ranges per channel (per head for q, k, v) and quantizes queries
   * and keys before the rotation, where the model has one.
   */
  profile: Profile;
  /**
   * The reading of eq. 3 at the softmax. As printed (`paper`) it spends one of four
   * bits on a sign that probabilities do not have and raises all below 1/128 of the maximum to that,
   * which ruins long windows; so both profiles take what the released code computes unless told
   * otherwise. Method `agileq-8-eq3` shows the difference.
   */
  softmax?: Profile;
  /** Of those powers of two, 2..8; 4 unless given. */
  softmaxBits?: number;
  /** TRIP's largest power, 0..8; 3 unless given, and 0 is one step for all channels. */
  K?: number;
  /**
   * Steps that calibration finds and all tokens share, unless each `token` has one for all channels, from its
   * own range.
   */
  steps?: "calibrated" | "token";
  /**
   * Whether the first token of a window, which may hold by far the largest values, has steps of its own; it has
   * those of all tokens unless it is `apart`. Then it has no part in theirs. In profile `paper`, and where no
   * tokens are `lower`.
   */
  firstToken?: "shared" | "apart";
  /**
   * Four bits for the least important tokens of each layer, by start attentivity (eq. 4). The released
   * configuration ships these ratios as 0 and the paper names none, so they are the caller's.
   * `inherited`, whether they remain so in all later layers, is what the released configuration asks
   * for: with one share for all layers they soon are nearly all. Profile `released` calibrates the
   * quantizers of either on all tokens, `paper` those of the least important on these.
   */
  lower?: LowerTokens;
}

/** Agile-Quant: GPTQ's weights, and activations quantized at the sites of figure 3. */
export const agileQ: Method<AgileQSettings> = {
  passes: ({ weights, activations }, architecture) => [
    ...weights ? gptqPasses(weights) : [],
    ...sitePasses(agileQScheme(activations, architecture)),
  ],
  optional: {
    weights: ["scaleDtype"],
    activations: ["earlierBits", "softmax", "softmaxBits", "K", "steps", "firstToken", "lower"],
  },
  allocates: { weights: [2, 3, 4, 5, 6, 8], activations: [3, 4, 5, 6, 8] },
  siteBits: (bits) => ({ bits, earlierBits: bits }),
  label(settings) {
    const label = bitsLabel(settings);
    return settings.activations.lower
      ? { ...label, activation: `INT${lowerBits}, ${label.activation}` }
      : label;
  },
  activationBits: ({ activations }, architecture, allocation) =>
    schemeBits(agileQScheme(activations, architecture), architecture, allocation),
  counts({ weights, activations: { profile, bits, earlierBits = 8, K = 3, steps } }) {
    if (!weights || profile === "released") return floatCounts; // channels of other steps fit no integer product
    const folded = { ...weights, bits: weights.bits + (steps === "token" ? 0 : K) };
    return integerCounts(folded, { bits: Math.max(bits, earlierBits) });
  },
};

/** Bits of the least important tokens. */
const lowerBits = 4;

/**
 * Figure 3 for a model.
 *
 * @throws {InputError} If a profile is neither paper nor released, steps are neither calibrated nor of a
 *   token, the first token neither shared nor apart, or apart where it cannot be, or `lower` is no share of tokens.
 *   Bits and K are checked where they are used.
 */
export function agileQScheme(
  activations: AgileQActivations,
  architecture: Architecture,
): SiteScheme {
  const { bits, profile, softmax = "released", steps = "calibrated", lower } = activations;
  const { firstToken = "shared" } = activations;
  for (const [setting, value] of Object.entries({ profile, softmax })) {
    const isKnown = value === "paper" || value === "released";
    require(isKnown, "quantize activations", `${setting} must be paper or released`, value ?? null);
  }
  const hasSteps = steps === "calibrated" || steps === "token";
  require(hasSteps, "quantize activations", "steps must be calibrated or token", steps);
  const isPlace = firstToken === "shared" || firstToken === "apart";
  require(isPlace, "quantize activations", "firstToken must be shared or apart", firstToken);
  const firstApart = firstToken === "apart";
  const few =
    "the first token must not be apart in profile released, whose channels have a range each";
  require(!(firstApart && profile === "released"), "quantize activations", few);
  const whose = "firstToken must be shared where tokens are lower, or each has steps of its own";
  const isAlone = firstApart && (lower !== undefined || steps === "token");
  require(!isAlone, "quantize activations", whose, firstToken);
  if (lower !== undefined) requireLower(lower);
  const scheme = {
    ...{ profile, sites: sitesOf(activations, architecture, bits) },
    ...firstApart && { firstApart },
  };
  if (!lower) return scheme;
  const least = sitesOf(activations, architecture, lowerBits);
  return {
    ...scheme,
    lower: {
      ...lower,
      calibratedOn: profile === "released" ? "all" : "these",
      sites: Object.fromEntries(importanceSites.map((site) => [site, least[site]])),
    },
  };
}

/** Refuses, of plain data that no compiler has seen, what is no choice of tokens for four bits. */
function requireLower(lower: unknown): void {
  const isShare = (value: unknown) => typeof value === "number" && value >= 0 && value < 1;
  const isValid = isObject(lower) && [lower.share].flat().every(isShare) &&
    typeof lower.inherited === "boolean";
  const rule =
    "lower must have a share in [0, 1), or one of each layer, and inherited, true or false";
  require(isValid, "quantize activations", rule, lower);
}

/** Figure 3, with so many bits at the sites after the softmax. */
function sitesOf(
  { profile, earlierBits = 8, softmax = "released", softmaxBits = 4, K = 3, steps }:
    AgileQActivations,
  architecture: Architecture,
  laterBits: number,
): SiteScheme["sites"] {
  const uniform = (bits: number, granularity: SiteGranularity, signed = true): SiteFormat =>
    steps === "token"
      ? { kind: "token", bits, signed }
      : { kind: "uniform", bits, signed, granularity };
  const probabilities: SiteFormat = { kind: "log2", bits: softmaxBits, profile: softmax };
  if (profile === "paper") {
    const trip = (bits: number): SiteFormat =>
      steps === "token" ? uniform(bits, "tensor", false) : { kind: "trip", bits, K };
    return {
      "attn.input": trip(earlierBits),
      "attn.q": trip(earlierBits),
      "attn.k": trip(earlierBits),
      "attn.v": trip(earlierBits),
      "attn.probs": probabilities,
      "attn.output": uniform(laterBits, "tensor", false),
      "mlp.input": trip(laterBits),
      "mlp.hidden": trip(laterBits),
    };
  }
  const rotary = architecture.positions.kind === "rotary";
  return {
    "attn.input": uniform(earlierBits, "channel"),
    [rotary ? "attn.qBeforeRotary" : "attn.q"]: uniform(earlierBits, "head"),
    [rotary ? "attn.kBeforeRotary" : "attn.k"]: uniform(earlierBits, "head"),
    "attn.v": uniform(earlierBits, "head"),
    "attn.probs": probabilities,
    "attn.output": uniform(laterBits, "channel"),
    "mlp.input": uniform(laterBits, "channel"),
    "mlp.hidden": uniform(laterBits, "channel"),
  };
}
