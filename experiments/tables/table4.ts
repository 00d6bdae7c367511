import {
  combineVerdicts,
  counted,
  type Estimate,
  quotient,
  verdictLegend,
  verdictOf,
} from "../../lib/core/mod.ts";
import type { Table, TableCell } from "../../lib/report/mod.ts";
import { type ModelName, modelShapes } from "../measure/model_shapes.ts";
import {
  type BenchRecord,
  estimateOf,
  type InstructionLevel,
  instructionLevels,
  type OperandTypes,
  select,
} from "../result/bench_record.ts";
import { describeFinding, type Finding } from "../result/finding.ts";
import { formatEstimate } from "../result/format_estimate.ts";
import paper from "./paper_tables.json" with { type: "json" };

/** Tokens of the window whose latency is compared. The paper does not say how many its devices ran. */
export const table4Window = 128;

/** What of ours stands beside the paper's bits: 4-bit weights, as its sizes of models have. */
const executionOf = new Map<string, OperandTypes>([["FP16", "FP32"], ["8", "W4A8"], ["4", "W4A4"]]);

/** A row of the paper's table 4 and what this machine gives at each instruction level. */
export interface Table4Row {
  model: string;
  bits: string;
  /** Null, as the next two, of a model that the paper does not have. */
  androidSeconds: number | null;
  raspberrySeconds: number | null;
  /** The paper's, over FP16 on the same device. */
  paperSpeedup: number | null;
  here: Partial<Record<InstructionLevel, Latency>>;
}

/** The latency of all blocks of a model on one window. */
export interface Latency {
  seconds: Estimate;
  /** Over FP32 at the same instruction level, both in turns; low and high from the extremes. */
  speedup: Estimate;
}

/**
 * Table 4 with this machine as a third device, from what `deno task bench block` recorded: the median
 * of a block times the number of blocks. Embedding and head are left out, and no tokens are pruned.
 *
 * @param models The paper's unless given.
 */
export function table4Rows(record: BenchRecord, models?: readonly ModelName[]): Table4Row[] {
  const asked = models?.flatMap((model) =>
    [...executionOf.keys()].map((bits) => ({ model, bits }))
  );
  return (asked ?? paper.table4.rows).map(({ model, bits }) => {
    const printed = paper.table4.rows.find((row) => row.model === model && row.bits === bits);
    return {
      model,
      bits,
      androidSeconds: printed?.androidSeconds ?? null,
      raspberrySeconds: printed?.raspberrySeconds ?? null,
      paperSpeedup: printed?.speedup ?? null,
      here: Object.fromEntries(
        instructionLevels.flatMap((level) => {
          const found = latency(record, model as ModelName, bits, level);
          return found ? [[level, found]] : [];
        }),
      ),
    };
  });
}

function latency(
  record: BenchRecord,
  model: ModelName,
  bits: string,
  level: InstructionLevel,
): Latency | undefined {
  const find = (execution: OperandTypes) =>
    select(record, { model, execution, phase: "prefill", tokens: table4Window }, "time")
      .find(({ contender }) => record.contenders[contender].level === level);
  const [own, floats] = [find(executionOf.get(bits)!), find("FP32")];
  if (!own || !floats) return undefined;
  const seconds = (milliseconds: number) => milliseconds * modelShapes[model].layers / 1000;
  return {
    seconds: {
      value: seconds(own.median),
      low: seconds(own.low),
      high: seconds(own.high),
    },
    speedup: own === floats ? { value: 1 } : quotient(estimateOf(floats), estimateOf(own)),
  };
}

/** A claim of the paper about speed held against one instruction level. */
export interface JudgedSpeed extends Finding {
  level: InstructionLevel;
}

const { gemmInt8OverFp16, endToEnd } = paper.table4.claims;

const speedClaims = [
  { bits: "8", range: gemmInt8OverFp16, name: "INT8" },
  { bits: "4", range: endToEnd, name: "INT4" },
];

/**
 * Judges the paper's speed-ups over floating point, at each instruction level: those of every model
 * that was measured must lie above the lower end of the claimed range, and the evidence has a verdict
 * on each.
 */
export function judgeSpeed(rows: Table4Row[]): JudgedSpeed[] {
  return instructionLevels.flatMap((level) =>
    speedClaims.map(({ bits, range: [low, high], name }): JudgedSpeed => {
      const cases = rows.filter((row) => row.bits === bits && row.here[level])
        .map(({ model, here }) => {
          const { speedup } = here[level]!;
          return { model, speedup, verdict: verdictOf(speedup, { above: low }) };
        });
      return {
        claim: `${name} is ${low}-${high}x as fast as floating point`,
        level,
        verdict: combineVerdicts(cases),
        evidence: cases.map(({ model, speedup, verdict }) =>
          `${model} ${formatEstimate(speedup, 2)}: ${verdict}`
        ).join(", "),
      };
    })
  );
}

/**
 * The table that is printed: what was measured here, then the paper's figures, if it has any.
 *
 * @param models The paper's unless given.
 */
export function table4(record: BenchRecord, models?: readonly ModelName[]): Table {
  const rows = table4Rows(record, models);
  const levels = instructionLevels.filter((level) => rows.some(({ here }) => here[level]));
  const isPrinted = rows.some(({ paperSpeedup }) => paperSpeedup !== null);
  const paperColumns = isPrinted ? ["Android s", "Raspberry s", "speed-up"] : [];
  return {
    title: `Table 4: ${paper.table4.title}`,
    columns: [
      ...["Model", "Bits"],
      ...levels.flatMap((level) => ["s", "speed-up"].map((name) => `here, ${level}: ${name}`)),
      ...paperColumns.map((name) => `the paper, with pruning: ${name}`),
    ],
    rows: rows.map((row) => [
      row.model,
      row.bits,
      ...levels.flatMap((level): TableCell[] => {
        const found = row.here[level];
        return found
          ? [{ value: found.seconds.value, digits: 3 }, { ...found.speedup, digits: 2 }]
          : [null, null];
      }),
      ...isPrinted ? [row.androidSeconds, row.raspberrySeconds, row.paperSpeedup] : [],
    ]),
    notes: [
      `here: ${record.machine.processor}, ${
        counted(record.machine.cores, "core")
      }; all blocks of a model of ` +
      `random numbers on a window of ${table4Window} tokens without pruning, FP32 for FP16, ` +
      "4-bit weights with 8-bit and 4-bit activations (native: 4-bit codes multiplied as bytes); " +
      "speed-ups over FP32 at the same instruction level, in brackets from the slowest and fastest " +
      "runs",
      ...judgeSpeed(rows).map((judged) => `${judged.level}: ${describeFinding(judged)}`),
      verdictLegend,
    ],
  };
}
