/**
 * Which reading of the paper a quantizer follows where its text and its released code differ:
 * the equations as printed, or what the code computes.
 */
export type Profile = "paper" | "released";

/** How activations are coded, one grid for all or one per channel; real = (code - zeroPoint) * scale. */
export interface UniformGrid {
  bits: number;
  /** Decides whether the zero point is added after (paper) or before (released) rounding. */
  profile: Profile;
  /** The lowest code, 0 or -2^(bits-1). */
  codeMin: number;
  /** The highest code, codeMin + 2^bits - 1. */
  codeMax: number;
  /** Step between adjacent codes, at least 2^-23; length 1 or channels. */
  scale: Float32Array;
  /** The code of zero; as long as `scale`. */
  zeroPoint: Int32Array;
  /** Adjacent elements of one channel: element i is in channel `floor(i / inner) % scale.length`. */
  inner: number;
}
