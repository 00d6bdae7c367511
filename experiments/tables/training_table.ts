import {
  type Estimate,
  mean,
  type Threshold,
  verdictLegend,
  verdictOf,
} from "../../lib/core/mod.ts";
import { perplexityRatio, type Reading } from "../../lib/eval/mod.ts";
import type { Table, TableCell } from "../../lib/report/mod.ts";
import type { AttentionSinks } from "../measure/attention_sinks.ts";
import { ratioOfMeans } from "../measure/mean_estimate.ts";
import type { TrainingResult } from "../measure/training_measure.ts";
import { describeFinding } from "../result/finding.ts";
import { formatEstimate } from "../result/format_estimate.ts";
import type { JudgedClaim } from "./claims.ts";
import { roundedBits, type TrainingRow } from "./training_rows.ts";

/** The rows of a model that were measured. */
export interface MeasuredTrainings {
  /** The name of the model. */
  model: string;
  rows: readonly { row: TrainingRow; result: TrainingResult }[];
}

type Bits = keyof typeof roundedBits;

const legend =
  "Rows that go on from the bundled model take as many steps on the same windows; so do the two from " +
  "fresh weights. W4A8, W4A4: perplexity with weights rounded by output rows, and what linear maps read, queries, " +
  "keys and values by tokens, steps those of the largest magnitude. First token: attention that later queries give " +
  "it; given: all that they give; zeros: keys that get exactly none; sinks: heads that give the first token more " +
  "than 0.3. Kurtosis and largest magnitude (over the root of the mean square) of the stream behind the last block";

/** What trainings give, a row for each and model, with verdicts. */
export function trainingTable(
  models: readonly MeasuredTrainings[],
  notes: readonly string[],
): Table {
  return {
    title: "Training: what training for few bits changes, and softpick",
    columns: [
      ...["Model", "Training", "steps", "perplexity", "W4A8", "W4A4"],
      ...["first token, %", "given, %", "zeros, %", "sinks, %", "kurtosis", "largest"],
    ],
    rows: models.flatMap(({ model, rows }) =>
      rows.map(({ row, result }): TableCell[] => [
        model,
        row.label,
        row.config.recipe?.schedule.steps ?? 0,
        { ...result.full.perplexity, digits: 3 },
        ...(["w4a8", "w4a4"] as const).map((bits): TableCell => {
          const reading = readingOf({ row, result }, bits);
          return reading ? { ...reading.perplexity, digits: 3 } : null;
        }),
        ...percents(result.sinks),
        { value: mean(result.sinks.kurtosis), digits: 2 },
        { value: mean(result.sinks.largest), digits: 2 },
      ])
    ),
    notes: [
      legend,
      ...notes,
      ...models.flatMap(judgeTrainings).map((each) => `${each.model}: ${describeFinding(each)}`),
      verdictLegend,
    ],
  };
}

function percents({ start, given, zeros, sinkRate }: AttentionSinks): TableCell[] {
  return [mean(start), mean(given), mean(zeros), sinkRate]
    .map((share) => ({ value: 100 * share, digits: 1 }));
}

/** Judges what the authors of EdgeQAT and softpick say, as far as its rows were measured. */
export function judgeTrainings({ model, rows }: MeasuredTrainings): JudgedClaim[] {
  const find = (key: string) => rows.find(({ row }) => row.key === key);
  const lossesOf = (key: string, bits?: Bits) => {
    const found = find(key);
    return found && (bits ? readingOf(found, bits) : found.result.full)?.windowLosses;
  };
  const judged: JudgedClaim[] = [];
  const judge = (claim: string, what: string, ratio: Estimate, threshold: Threshold) =>
    judged.push({
      ...{ claim, model, verdict: verdictOf(ratio, threshold) },
      evidence: `${what} = ${formatEstimate(ratio, 4)}`,
    });
  for (const bits of ["w4a8", "w4a4"] as const) {
    const name = bits.toUpperCase();
    for (
      const [claim, one, other] of [
        [`training for ${name} loses less than rounding after training`, `qat-${bits}`, "rounded"],
        [`training for ${name} loses less than as many steps in float32`, `qat-${bits}`, "floats"],
        [`EdgeQAT's guidance lowers the loss in ${name}`, `edgeqat-${bits}`, `qat-${bits}`],
      ]
    ) {
      const [losses, others] = [lossesOf(one, bits), lossesOf(other, bits)];
      if (!losses || !others) continue;
      judge(claim, `${one} / ${other}`, perplexityRatio(losses, others), { below: 1 });
    }
    const [ours, theirs] = ["softpick", "softmax"].map((key) => {
      const [few, full] = [lossesOf(key, bits), lossesOf(key)];
      return few && full && few.map((loss, window) => loss - full[window]);
    });
    if (ours && theirs) {
      const claim = `softpick loses less by ${name} than softmax`;
      judge(claim, "loss of softpick / of softmax", perplexityRatio(ours, theirs), { below: 1 });
    }
  }
  const [ours, theirs] = [find("softpick"), find("softmax")].map((found) => found?.result);
  if (ours && theirs) {
    const full = perplexityRatio(ours.full.windowLosses, theirs.full.windowLosses);
    judge("softpick costs less than 1 % of perplexity", "softpick / softmax", full, {
      below: 1.01,
    });
    const part = ({ start, given }: AttentionSinks) =>
      start.map((share, window) => given[window] > 0 ? share / given[window] : 0);
    for (
      const [claim, of] of [
        ["softpick gives the first token less attention", ({ start }) => start],
        ["softpick gives the first token a smaller part of what it gives", part],
        ["softpick lowers the kurtosis of the stream", ({ kurtosis }) => kurtosis],
        ["softpick lowers the largest magnitude of the stream", ({ largest }) => largest],
      ] as [claim: string, of: (sinks: AttentionSinks) => number[]][]
    ) {
      const ratio = ratioOfMeans(of(ours.sinks), of(theirs.sinks));
      judge(claim, "softpick / softmax", ratio, { below: 1 });
    }
  }
  return judged;
}

function readingOf(
  { row, result }: MeasuredTrainings["rows"][number],
  bits: Bits,
): Reading | undefined {
  return result.rounded[row.config.rounded.indexOf(roundedBits[bits])];
}
