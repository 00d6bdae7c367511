import type { CalibrationPlan } from "./calibration.ts";
import type { TokenText } from "./token_source.ts";

/** A text that is calibrated on, and what is drawn from it. */
export interface CalibrationText extends Pick<CalibrationPlan, "window" | "weightWindows"> {
  text: Pick<TokenText, "sha256" | "ids" | "label">;
}

/** A bootstrap of fewer windows than this resamples too few of them to tell how far they spread. */
const fewWindows = 10;

/**
 * What makes a figure worth less than it seems, in sentences.
 *
 * @param windows How many windows of the text are scored.
 * @param calibration Of a method that calibrates.
 */
export function textWarnings(
  test: Pick<TokenText, "sha256">,
  windows: number,
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
  if (windows === 1) warnings.push("One window is scored: figures have no interval.");
  if (windows > 1 && windows < fewWindows) {
    warnings.push(`Only ${windows} windows are scored: intervals are narrower than 95 % asks for.`);
  }
  return warnings;
}
