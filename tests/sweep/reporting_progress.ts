import type { Progress } from "../../lib/core/mod.ts";

/** Progress that writes down what it hears. */
export function reportingProgress(): { progress: Progress; reports: unknown[][] } {
  const reports: unknown[][] = [];
  const progress: Progress = {
    start: (...report) => reports.push(["start", ...report]),
    update: (...report) => reports.push(["update", ...report]),
    finish: (...report) => reports.push(["finish", ...report]),
    say: (...report) => reports.push(["say", ...report]),
  };
  return { progress, reports };
}
