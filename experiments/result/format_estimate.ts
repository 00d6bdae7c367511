import type { Estimate } from "../../lib/core/mod.ts";

/** `12.34 [11.90, 12.80]`: a figure with the ends of its interval, where it has one. */
export function formatEstimate({ value, low, high }: Estimate, digits: number): string {
  const text = (each: number) => {
    const isLong = Number.isFinite(each) && Math.abs(each) >= 1e6;
    return isLong ? each.toExponential(digits) : each.toFixed(digits);
  };
  if (low === undefined || high === undefined) return text(value);
  return `${text(value)} [${text(low)}, ${text(high)}]`;
}

/** `12.3 %` for 0.123. */
export function formatShare(share: number, digits = 1): string {
  return `${(100 * share).toFixed(digits)} %`;
}
