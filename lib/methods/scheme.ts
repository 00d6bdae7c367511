import type { Architecture, SiteName } from "../model/mod.ts";
import type { Profile } from "../quant/mod.ts";

/** What shares one scale: everything, the channels of one head, or nothing but its channel. */
export type SiteGranularity = "tensor" | "head" | "channel";

/** How the value at one site is quantized. */
export type SiteQuantizer =
  /** Power-of-two factors per channel on one scale per tensor (eqs. 5-8); alpha in 0..K. */
  | { kind: "trip"; bits: number; factorBits: number }
  /** Uniform, calibrated range per tensor or channel (eq. 2). */
  | { kind: "uniform"; bits: number; signed: boolean; granularity: SiteGranularity }
  /** Powers of two, no calibration (eq. 3). */
  | { kind: "log2"; bits: number };

/** Which sites a method quantizes, and how. Sites not named stay in floating point. */
export interface ActivationScheme {
  profile: Profile;
  sites: Partial<Record<SiteName, SiteQuantizer>>;
}

/**
 * AgileQ-8: eight bits everywhere, a 4-bit log2 softmax (figure 3).
 *
 * The paper's profile uses TRIP at every site but the softmax and quantizes queries and keys where
 * they are multiplied. The released code uses min-max ranges per channel (per head for q, k, v)
 * and quantizes queries and keys before the rotation.
 */
export function agileQ8(profile: Profile, architecture: Architecture): ActivationScheme {
  const softmax: SiteQuantizer = { kind: "log2", bits: 4 };
  if (profile === "paper") {
    const trip: SiteQuantizer = { kind: "trip", bits: 8, factorBits: 3 };
    return {
      profile,
      sites: {
        "attn.input": trip,
        "attn.q": trip,
        "attn.k": trip,
        "attn.v": trip,
        "attn.probs": softmax,
        "attn.output": trip,
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
      "attn.probs": softmax,
      "attn.output": uniform("channel"),
      "mlp.input": uniform("channel"),
      "mlp.hidden": uniform("channel"),
    },
  };
}
