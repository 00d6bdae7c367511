import type { CalibrationPlan } from "./calibration.ts";
import type { TokenText } from "./token_source.ts";

/** A text that is calibrated on, and what is drawn from it. */
export interface CalibrationText extends Pick<CalibrationPlan, "window" | "weightWindows"> {
  text: Pick<TokenText, "sha256" | "ids" | "label">;
}

/** A bootstrap of fewer windows than this resamples too few of them to tell how far they spread. */
export const fewWindows = 10;

/**
 * What makes a figure worth less than it seems, in sentences.
 *
 * @param calibration Of a method that calibrates.
 */
export function textWarnings(
  test: Pick<TokenText, "sha256">,
  calibration?: CalibrationText,
): string[] {
  const warnings: string[] = [];
  if (calibration) {
    const { text: { sha256, ids, label }, window, weightWindows } = calibration;
    if (sha256 === test.sha256) {
      warnings.push("Calibrated on the text that is tested: the figures flatter the method.");
    }
    if (weightWindows * window > ids.length) {
      const drawn = `${weightWindows} calibration windows of ${window} tokens`;
      warnings.push(`${drawn} are drawn from the ${ids.length} tokens of ${label}: they overlap.`);
    }
  }
  return warnings;
}

/** What settings are worth that are chosen on the very text that tests them, in sentences. */
export function validationWarnings(
  test: Pick<TokenText, "sha256">,
  validation: Pick<TokenText, "sha256">,
): string[] {
  return validation.sha256 === test.sha256
    ? ["Settings are chosen on the text that is tested: the figures flatter them."]
    : [];
}

/** What an interval is worth, in sentences, where so few windows are scored. */
export function windowWarnings(windows: number): string[] {
  if (windows === 1) return ["One window is scored: figures have no interval."];
  return windows < fewWindows
    ? [`Only ${windows} windows are scored: intervals are narrower than 95 % asks for.`]
    : [];
}
