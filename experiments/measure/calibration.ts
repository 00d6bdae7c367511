import { drawWindows } from "../../lib/eval/mod.ts";
import type { Calibration } from "../../lib/methods/mod.ts";
import type { TokenText } from "./token_source.ts";

/** How much of a calibration text is used. */
export interface CalibrationPlan {
  /** Tokens per window, start token included. */
  window: number;
  /** Windows that GPTQ sees. */
  weightWindows: number;
  /** How many of those, the first ones, calibrate activations. */
  activationWindows: number;
  /** Of the draw; an integer in 0..2^32-1. */
  seed: number;
}

/** A text to draw from, unless its windows are drawn already, by the same plan. */
type CalibrationText = Pick<TokenText, "ids" | "startToken" | "drawn"> & { label?: string };

/**
 * Draws calibration windows from the tokens of a text.
 *
 * @throws {InputError} If the text is too short for one window or the plan out of range.
 */
export function drawCalibration(
  { ids, startToken, label, drawn }: CalibrationText,
  { window, weightWindows: count, activationWindows, seed }: CalibrationPlan,
): Calibration {
  const weightWindows = drawn ?? drawWindows(ids, { window, startToken, label, count, seed });
  return { weightWindows, activationWindows: weightWindows.slice(0, activationWindows) };
}
