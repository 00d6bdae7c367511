import { counted, shortDigest } from "../../lib/core/mod.ts";
import type { UnloadedFigureSubject } from "../measure/figure_subject.ts";
import type { SubjectFacts, UnloadedSubject } from "../measure/subject.ts";
import { describeStartToken, type TextFacts } from "../measure/token_source.ts";

/** A model with its texts, as captions call them. */
export interface DescribedSubject {
  /** Of the model and the text it is tested on. */
  title: string;
  /** The text it is calibrated on, if it is. */
  calibration: string | null;
  /** The text that settings are chosen on, where that was named. */
  validation?: string;
  facts: SubjectFacts;
}

/** A subject of tables or figures, with what captions call its texts. */
export function withLabels(
  { title, calibration, facts, ...rest }: UnloadedSubject | UnloadedFigureSubject,
): DescribedSubject {
  const { validation } = rest as Partial<UnloadedFigureSubject>;
  return { title, facts, calibration: calibration?.label ?? null, validation };
}

/** What was measured, on what: names, hashes and windows, for below a table or figure. */
export function describeSubject(
  { title, calibration, validation, facts }: DescribedSubject,
): string {
  const { hub, weights, testText, calibrationText, validationText, windows, window } = facts;
  const parts = [
    ...hub ? [`${hub.repository} at commit ${shortDigest(hub.commit)}`] : [],
    `weights sha256 ${shortDigest(weights)}`,
    `test text sha256 ${shortDigest(testText.sha256)}`,
    `calibration text ${described(calibrationText, calibration)}`,
    ...validationText ? [`settings chosen on ${described(validationText, validation)}`] : [],
    `${counted(windows, "window")} of ${counted(window, "token")}`,
    `start token ${describeStartToken(testText.startToken)}`,
    `products by ${facts.matrixProduct}`,
  ];
  return `${title}: ${parts.join(", ")}`;
}

function described(text: TextFacts | null, label?: string | null): string {
  return text ? `${label}, sha256 ${shortDigest(text.sha256)}` : "none";
}
