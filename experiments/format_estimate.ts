import type { Estimate } from "../lib/core/mod.ts";

/** `12.34 [11.90, 12.80]`: a figure with the ends of its interval, where it has one. */
export function formatEstimate({ value, low, high }: Estimate, digits: number): string {
  if (low === undefined || high === undefined) return value.toFixed(digits);
  return `${value.toFixed(digits)} [${low.toFixed(digits)}, ${high.toFixed(digits)}]`;
}
