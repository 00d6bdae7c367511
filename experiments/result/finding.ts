import { type Verdict, verdictLegend } from "../../lib/core/mod.ts";

/** A claim held against what was measured. */
export interface Finding {
  claim: string;
  verdict: Verdict;
  /** The figures that decided, with their intervals. */
  evidence: string;
}

/** Findings as notes below the table whose figures they rest on, with what the verdicts mean. */
export function findingNotes(findings: readonly Finding[]): string[] {
  if (findings.length === 0) return [];
  return [...findings.map(describeFinding), verdictLegend];
}

/** `"INT4 is faster": undecided (1.10 [0.90, 1.30])`. */
export function describeFinding({ claim, verdict, evidence }: Finding): string {
  return `"${claim}": ${verdict}${evidence && ` (${evidence})`}`;
}
