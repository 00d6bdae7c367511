import type { Architecture, SiteName } from "../model/mod.ts";
import type { Profile } from "../quant/mod.ts";

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

/**
 * Which sites a method quantizes, and how. Sites not named stay in floating point.
 *
 * `attn.probs`, whose last axis is the keys and not channels, takes log2, or uniform per tensor.
 */
export interface ActivationScheme {
  profile: Profile;
  sites: Partial<Record<SiteName, SiteQuantizer>>;
}

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
  softmax: Profile = "released",
): ActivationScheme {
  const probabilities: SiteQuantizer = { kind: "log2", bits: 4, profile: softmax };
  if (profile === "paper") {
    const trip: SiteQuantizer = { kind: "trip", bits: 8, K: 3 };
    return {
      profile,
      sites: {
        "attn.input": trip,
        "attn.q": trip,
        "attn.k": trip,
        "attn.v": trip,
        "attn.probs": probabilities,
        "attn.output": { kind: "uniform", bits: 8, signed: false, granularity: "tensor" },
        "mlp.input": trip,
        "mlp.hidden": trip,
      },
    };
  }
  const uniform = (granularity: SiteGranularity): SiteQuantizer => (
    { kind: "uniform", bits: 8, signed: true, granularity }
  );
  const rotary = architecture.positions.kind === "rotary";
  return {
    profile,
    sites: {
      "attn.input": uniform("channel"),
      [rotary ? "attn.qBeforeRotary" : "attn.q"]: uniform("head"),
      [rotary ? "attn.kBeforeRotary" : "attn.k"]: uniform("head"),
      "attn.v": uniform("head"),
      "attn.probs": probabilities,
      "attn.output": uniform("channel"),
      "mlp.input": uniform("channel"),
      "mlp.hidden": uniform("channel"),
    },
  };
}
