import { combineVerdicts, describeCases, type Estimate, verdictOf } from "../../lib/core/mod.ts";
import { barChart, type Drawing, letterOf, panels, type PlotlySpec } from "../../lib/report/mod.ts";
import type { ModelName } from "../measure/model_shapes.ts";
import {
  type InstructionLevel,
  instructionLevels,
  type OperandTypes,
  operandTypes,
} from "../result/bench_record.ts";
import { formatEstimate } from "../result/format_estimate.ts";

/** What one operation of a block takes. */
export interface ProfileRow {
  model: ModelName;
  phase: "prefill" | "decode";
  /** Of the window, or in the cache. */
  tokens: number;
  level: InstructionLevel;
  execution: OperandTypes;
  operation: string;
  milliseconds: number;
  /** The fastest and the slowest run, ms; none of a single run. */
  low?: number;
  high?: number;
  /** Of the sum over all operations, 0..1. */
  share: number;
}

/** The products with weights, which quantization speeds up first. */
const linear = new Set(["q/k/v", "projection", "FC1", "FC2"]);

/** Operations that are drawn as one, so that no two share a colour; any other stands for itself. */
const drawnTogether: Record<string, readonly string[]> = {
  "products with weights": [...linear],
  "products of attention": ["QK", "AV"],
  "activation, rotary": ["activation", "rotary"],
};

/**
 * Draws figure 2, where the time of a block goes, and says what it shows.
 *
 * @param rows At least one, as `profileRows` gives them.
 */
export function drawFigure2(rows: readonly ProfileRow[]): Drawing {
  const groups = Map.groupBy(rows, ({ model, phase, tokens }) => `${model}, ${phase} ${tokens}`);
  const floats = [...groups.values()].flatMap((group) => {
    const level = instructionLevels.findLast((each) => group.some((row) => row.level === each));
    const own = group.filter((row) => row.level === level && row.execution === "FP32");
    if (own.length === 0) return [];
    const share = linearShare(own);
    const [{ model, phase, tokens }] = own;
    return [{
      name: `${model} (${phase}, ${tokens} tokens)`,
      share,
      verdict: verdictOf(share, { above: 50 }),
    }];
  });
  return {
    shows: "Share of the time of one transformer block that each operation takes, by instruction " +
      "level and number format, for a whole window (prefill) and for one token after a full cache " +
      "(decode). Below each bar stands the time of the whole block.",
    verdict: combineVerdicts(floats),
    agreement:
      "Integer products can only speed up what products with weights take. In FP32, at the " +
      `highest instruction level, that this is more than half of the time is ${
        describeCases(floats)
      }.`,
    details: floats.map(({ name, share, verdict }) =>
      `${name}: products with weights take ${formatEstimate(share, 0)} %: ${verdict}.`
    ),
    spec: panels([...groups].map(([name, group], index) => [
      groupPanel(`${letterOf(index)}. ${name} tokens`, group),
    ])),
  };
}

/**
 * What products with weights take of a block, in percent, from the extremes of the runs: at least
 * where they were fastest and all else slowest.
 */
function linearShare(rows: readonly ProfileRow[]): Estimate {
  const sum = (products: boolean, time: "milliseconds" | "low" | "high") =>
    rows.filter(({ operation }) => linear.has(operation) === products)
      .reduce((total, row) => total + (row[time] ?? NaN), 0);
  const share = (products: number, others: number) => 100 * products / (products + others);
  const value = share(sum(true, "milliseconds"), sum(false, "milliseconds"));
  if (rows.some(({ low }) => low === undefined)) return { value };
  return {
    value,
    low: share(sum(true, "low"), sum(false, "high")),
    high: share(sum(true, "high"), sum(false, "low")),
  };
}

function groupPanel(title: string, rows: readonly ProfileRow[]): PlotlySpec {
  const columns = instructionLevels.flatMap((level) =>
    operandTypes.flatMap((execution) => {
      const own = rows.filter((row) => row.level === level && row.execution === execution);
      if (own.length === 0) return [];
      const whole = own.reduce((sum, { milliseconds }) => sum + milliseconds, 0);
      const name = [...level.split(" "), execution, `${Number(whole.toPrecision(3))} ms`].join(
        "<br>",
      );
      return [{ name, own }];
    })
  );
  const operations = [...new Set(rows.map(({ operation }) => drawnAs(operation)))];
  return barChart({
    title,
    categories: columns.map(({ name }) => name),
    x: { title: "instruction level, number format, time of a block" },
    y: { title: "share of time", unit: "%", range: [0, 100] },
    series: operations.map((name) => ({
      name,
      values: columns.map(({ own }) => {
        const found = own.filter(({ operation }) => drawnAs(operation) === name);
        return { value: 100 * found.reduce((sum, { share }) => sum + share, 0) };
      }),
    })),
    stacked: true,
    width: 900,
    height: 310,
  });
}

function drawnAs(operation: string): string {
  const names = Object.keys(drawnTogether);
  return names.find((name) => drawnTogether[name].includes(operation)) ?? operation;
}
