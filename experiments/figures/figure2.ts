import type { Table } from "../../lib/report/mod.ts";
import { drawFigure2, type ProfileRow } from "../draw/figure2_drawing.ts";
import type { ModelName } from "../measure/model_shapes.ts";
import {
  type BenchRecord,
  estimateOf,
  instructionLevels,
  type OperandTypes,
  operandTypes,
  readBenchRecord,
} from "../result/bench_record.ts";
import type { FigureExperiment } from "./figure.ts";

/** Figure 2 from what `deno task bench block` recorded: where the time of a block goes. */
export function profileRows(record: BenchRecord): ProfileRow[] {
  const parts = record.measurements.filter(({ quantity }) => quantity !== "time");
  const sums = new Map<string, number>();
  const whole = ({ job, contender }: typeof parts[number]) => JSON.stringify([job, contender]);
  for (const part of parts) {
    sums.set(whole(part), (sums.get(whole(part)) ?? 0) + part.median);
  }
  return parts.map((part) => {
    const { value: milliseconds, low, high } = estimateOf(part);
    return {
      model: part.job.model as ModelName,
      phase: part.job.phase as ProfileRow["phase"],
      tokens: Number(part.job.tokens),
      level: record.contenders[part.contender].level!,
      execution: part.job.execution as OperandTypes,
      operation: part.quantity,
      milliseconds,
      low,
      high,
      share: part.median / sums.get(whole(part))!,
    };
  });
}

/** The shares of one model's operations in percent, a column per level and execution. */
export function profileTable(
  rows: ProfileRow[],
  { model, phase, tokens }: Pick<ProfileRow, "model" | "phase" | "tokens">,
): Table {
  const own = rows.filter((row) =>
    row.model === model && row.phase === phase && row.tokens === tokens
  );
  const columns = instructionLevels.flatMap((level) =>
    operandTypes.map((execution) => ({ level, execution }))
  ).filter(({ level, execution }) =>
    own.some((row) => row.level === level && row.execution === execution)
  );
  const operations = [...new Set(own.map(({ operation }) => operation))];
  return {
    title: `Figure 2: where the time of a block of ${model} goes (${phase}, ${tokens} tokens), %`,
    columns: ["operation", ...columns.map(({ level, execution }) => `${level} ${execution}`)],
    rows: operations.map((operation) => [
      operation,
      ...columns.map(({ level, execution }) => {
        const found = own.find((row) =>
          row.operation === operation && row.level === level && row.execution === execution
        );
        return found ? { value: 100 * found.share, digits: 1 } : null;
      }),
    ]),
  };
}

/** Figure 2: where the time of a block goes. It is measured by `deno task bench block`. */
export const figure2: FigureExperiment = {
  name: "figure2",
  measuredBy: [],
  bench: "block",
  title: "Where the time of a transformer block goes",
  families: [],
  async run() {
    const record = await readBenchRecord("block");
    const rows = profileRows(record);
    const { machine, versions, commit, started, contenders, quick } = record;
    return {
      name: figure2.name,
      title: figure2.title,
      configuration: { machine, versions, commit, started, contenders, quick },
      data: rows,
      ...drawFigure2(rows),
    };
  },
};
