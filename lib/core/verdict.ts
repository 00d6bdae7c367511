import type { Estimate } from "./statistics.ts";

/** What a measurement says about a claim, and what each word means. */
const meanings = {
  "reproduced": "the whole interval agrees",
  "contradicted": "the whole interval disagrees, at least in one case of several",
  "undecided": "the interval contains the threshold, or there is none",
  "explained by the scored subset": "the model without pruning gains as much on the same tokens",
  "not testable here": "nothing of it was measured",
} as const;

/** The only words for what became of a claim, in tables, figures, notebooks and pages. */
export type Verdict = keyof typeof meanings;

/** Every verdict. */
export const verdicts = Object.keys(meanings) as Verdict[];

/** What the verdicts mean, in a sentence to be shown where they appear. */
export const verdictLegend = "Verdicts: " +
  verdicts.map((verdict) => `${verdict} (${meanings[verdict]})`).join(", ") +
  ". Intervals: 95 % over windows, or the extremes of the runs.";

/** What a claim says of a number: that it lies below a threshold, or above it. */
export type Threshold = { below: number } | { above: number };

/**
 * Whether an estimate bears a claim out: only an interval that lies on one side of the threshold
 * decides. Without an interval, as of a single window, and with NaN in it nothing is decided; an
 * infinite end, as of a diverged model, is larger than any threshold.
 */
export function verdictOf({ low = NaN, high = NaN }: Estimate, threshold: Threshold): Verdict {
  const [agrees, disagrees] = "below" in threshold
    ? [high < threshold.below, low > threshold.below]
    : [low > threshold.above, high < threshold.above];
  return agrees ? "reproduced" : disagrees ? "contradicted" : "undecided";
}

/** The verdict on a claim that is either true or not, such as equality of all bits. */
export function exactVerdict(holds: boolean): Verdict {
  return holds ? "reproduced" : "contradicted";
}

/**
 * The verdict on a general claim from those on its cases, such as models: one that contradicts it is
 * enough, and it is reproduced only where every case reproduces it. Cases that could not be tested
 * count for nothing.
 */
export function combineVerdicts(cases: readonly { verdict: Verdict }[]): Verdict {
  const found = cases.map(({ verdict }) => verdict);
  const order: Verdict[] = ["contradicted", "undecided", "explained by the scored subset"];
  if (found.every((verdict) => verdict === "not testable here")) return "not testable here";
  return order.find((verdict) => found.includes(verdict)) ?? "reproduced";
}

/** A case of a general claim: a model, an instruction level, a length of window. */
export interface JudgedCase {
  name: string;
  verdict: Verdict;
}

/** The cases by verdict: `reproduced for llama, bloom; undecided for opt`. */
export function describeCases(cases: readonly JudgedCase[]): string {
  return [...Map.groupBy(cases, ({ verdict }) => verdict)].map(([verdict, group]) =>
    `${verdict} for ${group.map(({ name }) => name).join(", ")}`
  ).join("; ");
}

/** Whether a word is a verdict: records of former versions have others. */
export function isVerdict(word: string): word is Verdict {
  return Object.hasOwn(meanings, word);
}
