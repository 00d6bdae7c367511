import type { Architecture, LowerTokens, SiteName } from "../model/mod.ts";
import type { Profile } from "../format/mod.ts";

/** What shares one scale: everything, the channels of one head, or nothing but its channel. */
export type SiteGranularity = "tensor" | "head" | "channel";

/** A quantizer whose parameters are found on calibration data. */
export type CalibratedQuantizer =
  /** Power-of-two factors per channel on one scale per tensor (eqs. 5-8); alpha in 0..K. */
  | { kind: "trip"; bits: number; K: number }
  /** Uniform, calibrated range per tensor, head or channel (eq. 2). */
  | { kind: "uniform"; bits: number; signed: boolean; granularity: SiteGranularity };

/** How the value at one site is quantized. */
export type SiteQuantizer =
  | CalibratedQuantizer
  /** Powers of two, no calibration (eq. 3); `profile` says whose reading of the equation. */
  | { kind: "log2"; bits: number; profile: Profile };

/** Quantizers of some sites; those not named stay in floating point. */
export type SiteQuantizers = Partial<Record<SiteName, SiteQuantizer>>;

/**
 * Which sites a method quantizes, and how.
 *
 * `attn.probs`, whose last axis is the keys and not channels, takes log2, or uniform per tensor.
 */
export interface ActivationScheme {
  profile: Profile;
  sites: SiteQuantizers;
  /** Other quantizers for the tokens that the attention finds least important. */
  lower?: LowerPrecision;
}

/** How the least important tokens of a layer differ from the others; the first is never among them. */
export interface LowerPrecision extends LowerTokens {
  /** What their quantizers are calibrated on: these tokens alone, or all, as in the released code. */
  calibratedOn: "these" | "all";
  /** At sites after the softmax of a layer, which scores its tokens. */
  sites: Partial<Record<ImportanceSite, CalibratedQuantizer>>;
}

/** The sites of a block whose tokens its attention has scored. */
const importanceSites = ["attn.output", "mlp.input", "mlp.hidden"] as const;

export type ImportanceSite = typeof importanceSites[number];

/**
 * AgileQ-8: eight bits everywhere, a 4-bit log2 softmax (figure 3).
 *
 * Profile `paper` uses TRIP at every site but the softmax and the input of the output projection,
 * which has one scale per tensor, and quantizes queries and keys where they are multiplied. Profile
 * `released` uses symmetric min-max ranges per channel (per head for q, k, v) and quantizes queries
 * and keys before the rotation, where the model has one.
 *
 * @param softmax The reading of eq. 3 at the softmax. As printed (`paper`) it spends one of four
 *   bits on a sign that probabilities do not have and raises all below 1/128 of the maximum to that,
 *   which ruins long windows; so both profiles take what the released code computes. Method
 *   `agileq-8-eq3` shows the difference.
 */
export function agileQ8(
  profile: Profile,
  architecture: Architecture,
  softmax?: Profile,
): ActivationScheme {
  return agileQ(profile, architecture, 8, softmax);
}

/** AgileQ-4: as {@linkcode agileQ8}, but four bits at the sites after the softmax. */
export function agileQ4(profile: Profile, architecture: Architecture): ActivationScheme {
  return agileQ(profile, architecture, 4);
}

/**
 * AgileQ-4/8: AgileQ-4 for the least important tokens of each layer, by start attentivity (eq. 4), and
 * AgileQ-8 for the others. Profile `released` calibrates the quantizers of either on all tokens, `paper`
 * those of the least important on these.
 *
 * @param share How many are the least important, in [0, 1), in every layer or in each. The released
 *   configuration ships these ratios as 0 and the paper names none, so they are the caller's.
 * @param inherited Whether they remain so in all later layers, which the released configuration asks
 *   for: with one share for all layers they soon are nearly all.
 */
export function agileQ48(
  profile: Profile,
  architecture: Architecture,
  share: LowerTokens["share"],
  inherited = false,
): ActivationScheme {
  const { sites } = agileQ4(profile, architecture);
  const quantizers = importanceSites.map((site) => [site, sites[site]]);
  return {
    ...agileQ8(profile, architecture),
    lower: {
      ...{ share, inherited },
      calibratedOn: profile === "released" ? "all" : "these",
      sites: Object.fromEntries(quantizers),
    },
  };
}

/** Figure 3, with so many bits at the sites after the softmax. */
function agileQ(
  profile: Profile,
  architecture: Architecture,
  laterBits: number,
  softmax: Profile = "released",
): ActivationScheme {
  const probabilities: SiteQuantizer = { kind: "log2", bits: 4, profile: softmax };
  if (profile === "paper") {
    const trip = (bits: number): SiteQuantizer => ({ kind: "trip", bits, K: 3 });
    return {
      profile,
      sites: {
        "attn.input": trip(8),
        "attn.q": trip(8),
        "attn.k": trip(8),
        "attn.v": trip(8),
        "attn.probs": probabilities,
        "attn.output": { kind: "uniform", bits: laterBits, signed: false, granularity: "tensor" },
        "mlp.input": trip(laterBits),
        "mlp.hidden": trip(laterBits),
      },
    };
  }
  const uniform = (bits: number, granularity: SiteGranularity): SiteQuantizer => (
    { kind: "uniform", bits, signed: true, granularity }
  );
  const rotary = architecture.positions.kind === "rotary";
  return {
    profile,
    sites: {
      "attn.input": uniform(8, "channel"),
      [rotary ? "attn.qBeforeRotary" : "attn.q"]: uniform(8, "head"),
      [rotary ? "attn.kBeforeRotary" : "attn.k"]: uniform(8, "head"),
      "attn.v": uniform(8, "head"),
      "attn.probs": probabilities,
      "attn.output": uniform(laterBits, "channel"),
      "mlp.input": uniform(laterBits, "channel"),
      "mlp.hidden": uniform(laterBits, "channel"),
    },
  };
}
