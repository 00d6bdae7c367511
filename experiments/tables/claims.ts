import { type Estimate, InputError, refuse, verdictOf } from "../../lib/core/mod.ts";
import { perplexityRatio, type Reading } from "../../lib/eval/mod.ts";
import type { Readings } from "../measure/readings.ts";
import type { Finding } from "../result/finding.ts";
import { baselineName } from "../result/baseline.ts";
import { formatEstimate } from "../result/format_estimate.ts";
import { pruningVerdict } from "../result/pruning_verdict.ts";
import type { MeasuredModel } from "./measure_models.ts";
import type { RowKey } from "./table_rows.ts";

/** A claim of the paper held against one model. */
export interface JudgedClaim extends Finding {
  model: string;
}

const quantizationClaim = (method: string, baseline: string) =>
  `${method} loses less than 10 % against ${baseline}`;
const pruningClaim = (method: string) => `pruning improves on ${method}`;

/** A method that claims are about: its rows without pruning and with it. */
interface Claimant {
  method: string;
  dense: RowKey;
  pruned: RowKey;
  /** What claims about it have to add. */
  remark: string;
}

const agileQ8 = { method: "AgileQ-8", dense: "agileq-8", pruned: "agileq-8-pruned" } as const;
const onFloats: Claimant[] = [{ ...agileQ8, remark: "" }];

/** On weights that are stored in few bits AgileQ-8's activations alone are what AgileQ-8 is on floats. */
const onCodes: Claimant[] = [
  {
    method: "AgileQ-8 of activations alone",
    dense: "agileq-8-activations",
    pruned: "agileq-8-activations-pruned",
    remark: "",
  },
  { ...agileQ8, remark: " (weights quantized a second time)" },
];

/** Judges both claims of the perplexity tables from 95 % intervals of perplexity ratios on the same windows. */
export function judgeClaims(
  { name, cells, storage }: Pick<MeasuredModel, "name" | "cells" | "storage">,
): JudgedClaim[] {
  const readingsOf = (row: RowKey) =>
    cells[row]?.result ?? refuse("judge it", `row ${row} must have been measured`);
  const baseline = baselineName(storage);
  const full = () => readingsOf("fp16").survivors;
  const claimants = baseline === "FP16" ? onFloats : onCodes;
  const findings = claimants.flatMap(({ method, dense, pruned, remark }) => {
    const unpruned = () => readingsOf(dense).survivors;
    const judged = [
      attempt(
        quantizationClaim(method, baseline),
        () => judgeQuantization(unpruned(), full(), baseline, method),
      ),
      attempt(
        pruningClaim(method),
        () => judgePruning(unpruned(), readingsOf(pruned), method),
      ),
    ];
    return judged.map(({ claim, ...rest }) => ({ claim: `${claim}${remark}`, ...rest }));
  });
  return findings.map(({ claim, ...judged }) => ({ claim, model: name, ...judged }));
}

/** What is found of a claim, be it that the readings do not allow to judge it. */
function attempt(claim: string, judge: () => Finding): Finding {
  try {
    return judge();
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    return { claim, verdict: "not testable here", evidence: error.message };
  }
}

/**
 * "AgileQ-8 loses less than 10 % against FP16": a ratio below 1.1.
 *
 * @param full The run without quantization.
 * @param baseline What that is called.
 * @param method What the quantized run is called.
 */
export function judgeQuantization(
  agileQ8: Reading,
  full: Reading,
  baseline = "FP16",
  method = "AgileQ-8",
): Finding {
  const loss = ratioOf(agileQ8, full);
  return {
    claim: quantizationClaim(method, baseline),
    verdict: verdictOf(loss, { below: 1.1 }),
    evidence: `${method} / ${baseline} = ${formatEstimate(loss, 4)}`,
  };
}

/**
 * "Pruning improves on AgileQ-8".
 *
 * @param dense The run without pruning, on every position.
 * @param pruned The run with pruning, and its control.
 * @param method What the unpruned run is called.
 */
export function judgePruning(
  dense: Reading,
  { survivors, denseOnSurvivors }: Readings,
  method = "AgileQ-8",
): Finding {
  const gain = ratioOf(survivors, dense);
  const gainByPruning = ratioOf(survivors, denseOnSurvivors!);
  const gainBySelection = ratioOf(denseOnSurvivors!, dense);
  return {
    claim: pruningClaim(method),
    verdict: pruningVerdict(gain, gainByPruning, gainBySelection),
    evidence: [
      `survivors / ${method} = ${formatEstimate(gain, 4)}`,
      `survivors / denseOnSurvivors = ${formatEstimate(gainByPruning, 4)}`,
      `denseOnSurvivors / ${method} = ${formatEstimate(gainBySelection, 4)}`,
    ].join(", "),
  };
}

/** The perplexity of one run over that of another on the same windows. */
export function ratioOf(numerator: Reading, denominator: Reading): Estimate {
  return perplexityRatio(numerator.windowLosses, denominator.windowLosses);
}
