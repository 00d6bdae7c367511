import { formatEstimate } from "../experiments/format_estimate.ts";
import { describeStartToken } from "../experiments/token_source.ts";
import type { Estimate } from "../lib/core/mod.ts";
import type { StartToken } from "../lib/model/mod.ts";
import type { Profile } from "../lib/quant/mod.ts";

/** What `deno task perplexity` has to say; printed as it is with `--json`. */
export interface PerplexityReport {
  /** The folder. */
  model: string;
  method: string;
  /** Of methods that quantize activations. */
  profile?: Profile;
  /** What the method was calibrated on; of methods that need it. */
  calibration?: string;
  startToken: StartToken;
  /** Tokens per window, and how many windows were scored. */
  window: number;
  windows: number;
  /** The released protocol: positions that survived pruning, all of them without. */
  perplexity: Estimate;
  /** With pruning: the same quantized model without pruning on those positions, the control. */
  denseOnSurvivors?: Estimate;
  /** With pruning: every position, pruned ones exiting early. */
  allPositions?: Estimate;
  /** Positions that `perplexity` counts. */
  scored: number;
  /** Wall time of scoring, and tokens that went through the model per second of it. */
  seconds: number;
  tokensPerSecond: number;
  matrixProduct: string;
  /** What the linear maps ran on, of `--execute integer`. */
  integerProduct?: string;
}

/** The report as aligned lines. */
export function describeReport(report: PerplexityReport): string {
  const { profile, calibration, denseOnSurvivors, allPositions, integerProduct } = report;
  const lines: [string, string | undefined][] = [
    ["model", report.model],
    ["method", profile ? `${report.method} (profile ${profile})` : report.method],
    ["calibrated on", calibration],
    ["linear maps in", integerProduct && `integers (${integerProduct})`],
    ["start token", describeStartToken(report.startToken)],
    ["perplexity", interval(report.perplexity)],
    ["dense on survivors", denseOnSurvivors && interval(denseOnSurvivors)],
    ["all positions", allPositions && interval(allPositions)],
    ["scored", `${report.scored} tokens in ${report.windows} windows of ${report.window}`],
    ["speed", `${Math.round(report.tokensPerSecond)} tokens/s (${report.matrixProduct})`],
  ];
  return lines.filter(([, value]) => value !== undefined)
    .map(([key, value]) => `${key.padEnd(20)}${value}`)
    .join("\n");
}

function interval(estimate: Estimate): string {
  return formatEstimate(estimate, 4) + (estimate.low === undefined ? "" : " (95 %)");
}
