import type { Profile } from "../format/mod.ts";
import type { LowerTokens, SiteName } from "../model/mod.ts";

/** What shares one scale: everything, the channels of one head, or nothing but its channel. */
export type SiteGranularity = "tensor" | "head" | "channel";

/** A format whose parameters are found on calibration data. */
export type CalibratedFormat =
  /** Power-of-two factors per channel on one scale per tensor (eqs. 5-8); alpha in 0..K. */
  | { kind: "trip"; bits: number; K: number }
  /** Uniform, calibrated range per tensor, head or channel (eq. 2). */
  | { kind: "uniform"; bits: number; signed: boolean; granularity: SiteGranularity };

/** Uniform, a range for each token as it comes (dynamic): nothing is calibrated. */
export interface TokenFormat {
  kind: "token";
  bits: number;
  signed: boolean;
}

/** How the value at one site is quantized, as plain data. */
export type SiteFormat =
  | CalibratedFormat
  | TokenFormat
  /** Powers of two, no calibration (eq. 3); `profile` says whose reading of the equation. */
  | { kind: "log2"; bits: number; profile: Profile };

/**
 * Which sites are quantized, and how; those not named stay in floating point.
 *
 * `attn.probs`, whose last axis is the keys and not channels, takes log2, or uniform per tensor.
 */
export interface SiteScheme {
  profile: Profile;
  sites: Partial<Record<SiteName, SiteFormat>>;
  /** Other formats for the tokens that the attention finds least important. */
  lower?: LowerPrecision;
  /**
   * Whether the first token of a window has steps of its own, in the same formats, and no part in those of the
   * others; not next to `lower`.
   */
  firstApart?: boolean;
}

/** How the least important tokens of a layer differ from the others; the first is never among them. */
export interface LowerPrecision extends LowerTokens {
  /** What their quantizers are calibrated on: these tokens alone, or all, as in the released code. */
  calibratedOn: "these" | "all";
  /** At sites after the softmax of a layer, which scores its tokens. */
  sites: Partial<Record<ImportanceSite, CalibratedFormat | TokenFormat>>;
}

/** The sites of a block whose tokens its attention has scored. */
export const importanceSites = ["attn.output", "mlp.input", "mlp.hidden"] as const;

export type ImportanceSite = typeof importanceSites[number];
