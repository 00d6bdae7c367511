import { counted, verdictOf } from "../../lib/core/mod.ts";
import type { Reading, RunHooks } from "../../lib/eval/mod.ts";
import { type MethodName, methods } from "../../lib/methods/mod.ts";
import type { Table, TableCell } from "../../lib/report/mod.ts";
import { evaluate, evaluationOf } from "../measure/evaluation.ts";
import type { PruningPlan } from "../measure/pruning_plan.ts";
import type { OpenSubject, Subject } from "../measure/subject.ts";
import { baselineName, baselineNotes, namesOn } from "../result/baseline.ts";
import { type Finding, findingNotes } from "../result/finding.ts";
import { formatEstimate } from "../result/format_estimate.ts";
import { judgePruning, judgeQuantization, ratioOf } from "./claims.ts";

/**
 * A model under some methods, measured as the tables are, with verdicts on what they compare.
 *
 * @throws {InputError} If a method does not fit the model.
 */
export async function compareMethods(
  subject: OpenSubject,
  names: MethodName[],
  hooks: RunHooks,
): Promise<Table> {
  const rows: TableCell[][] = [];
  const readings = new Map<MethodName, Reading>();
  for (const name of names) {
    const survivors = await measureDense(subject, name, hooks);
    const { title, weight, activation } = namesOf(subject, name);
    rows.push([title, weight, activation, ...readingCells(survivors)]);
    readings.set(name, survivors);
  }
  const findings = judgeMethods(readings, baselineName(subject.storage));
  return tableOf(subject, ["method", "weights", "activations"], rows, findings);
}

function namesOf({ storage }: Subject, method: MethodName) {
  const { title, label, settings } = methods[method];
  return namesOn(storage, settings, { title, ...label });
}

async function measureDense(
  subject: OpenSubject,
  method: MethodName,
  hooks: RunHooks,
): Promise<Reading> {
  return (await evaluate(subject, evaluationOf(subject.facts, method), hooks)).survivors;
}

/**
 * What can be said of methods that were measured beside each other.
 *
 * @param baseline What the run without quantization is called.
 */
export function judgeMethods(
  readings: ReadonlyMap<MethodName, Reading>,
  baseline = "FP16",
): Finding[] {
  const judge = (
    one: MethodName,
    other: MethodName,
    judged: (one: Reading, other: Reading) => Finding,
  ) => {
    const [numerator, denominator] = [readings.get(one), readings.get(other)];
    return numerator && denominator ? [judged(numerator, denominator)] : [];
  };
  return [
    ...judge("agileq-8", "fp16", (agileQ8, full) => judgeQuantization(agileQ8, full, baseline)),
    ...judge("gptq4", "rtn4", (gptq, rtn) => {
      const ratio = ratioOf(gptq, rtn);
      return {
        claim: "GPTQ loses less than RTN",
        verdict: verdictOf(ratio, { below: 1 }),
        evidence: `GPTQ / RTN = ${formatEstimate(ratio, 4)}`,
      };
    }),
    ...judge("agileq-8-eq3", "agileq-8", (printed, released) => {
      const ratio = ratioOf(printed, released);
      return {
        claim: "the sign bit of equation 3 costs perplexity",
        verdict: verdictOf(ratio, { above: 1 }),
        evidence: `with it / without = ${formatEstimate(ratio, 4)}`,
      };
    }),
  ];
}

/**
 * A method without pruning, and with it in every reading: scored on the survivors, the same without
 * pruning on the same positions, and on every position. With verdicts on what pruning does.
 *
 * @throws {InputError} If the method or the plan does not fit the model.
 */
export async function compareReadings(
  subject: OpenSubject,
  method: MethodName,
  pruning: PruningPlan,
  hooks: RunHooks,
): Promise<Table> {
  const dense = await measureDense(subject, method, hooks);
  const config = evaluationOf(subject.facts, method, pruning);
  const { storage: _, activationBits: _bits, ...readings } = await evaluate(subject, config, hooks);
  const { title } = namesOf(subject, method);
  const shown: [string, Reading][] = [[title, dense], ...Object.entries(readings)];
  const rows = shown.map(([name, reading]): TableCell[] => [
    name,
    reading.scored,
    ...readingCells(reading),
  ]);
  const whole = ratioOf(readings.allPositions!, dense);
  return tableOf(subject, ["reading", "positions scored"], rows, [
    judgePruning(dense, readings, title),
    {
      claim: "counted over all positions, pruning costs perplexity",
      verdict: verdictOf(whole, { above: 1 }),
      evidence: `allPositions / ${title} = ${formatEstimate(whole, 4)}`,
    },
  ]);
}

function readingCells({ perplexity, divergence, agreement }: Reading): TableCell[] {
  return [
    { ...perplexity, digits: 3 },
    { value: divergence!.value, digits: 4 },
    { value: 100 * agreement!.value, digits: 1 },
  ];
}

function tableOf(
  { model, facts, storage }: Subject,
  columns: string[],
  rows: TableCell[][],
  findings: Finding[],
): Table {
  const windows = `${counted(facts.windows, "window")} of ${counted(facts.window, "token")}`;
  return {
    title: `${model.name} on ${windows}`,
    columns: [
      ...columns,
      "perplexity",
      `KL to ${baselineName(storage)}, nats per token`,
      "same top token, %",
    ],
    rows,
    notes: [
      "Intervals are 95 %, from a bootstrap over windows.",
      ...baselineNotes(model.name, storage),
      ...findingNotes(findings),
    ],
  };
}
