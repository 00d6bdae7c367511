import type { ModelName } from "../experiments/measure/model_shapes.ts";
import {
  type BenchRecord,
  type InstructionLevel,
  instructionLevels,
  type Measurement,
  type OperandTypes,
  operandTypes,
} from "../experiments/result/bench_record.ts";
import { table4Window } from "../experiments/tables/table4.ts";
import type { Table } from "../lib/report/mod.ts";
import { agilePeer } from "./contenders/specs.ts";
import type { Heat, Suite } from "./harness/suite.ts";
import type { BlockJob } from "./jobs/block.ts";

/** What is measured of a model's block. */
interface Stage extends Pick<BlockJob, "phase" | "tokens"> {
  executions: readonly OperandTypes[];
  levels: readonly InstructionLevel[];
}

/** What table 4 compares. */
const paperExecutions: OperandTypes[] = ["FP32", "W4A8", "W4A4"];

/** Long work is left out at the slowest level. */
const fastLevels = instructionLevels.filter((level) => level !== "plain SIMD");

const window = { phase: "prefill", tokens: table4Window, levels: instructionLevels } as const;
const fullCache = { phase: "decode", tokens: 2048, levels: fastLevels } as const;

const plan: [ModelName, Stage[]][] = [
  ["OPT-125M", [
    { ...window, executions: operandTypes },
    { ...window, executions: operandTypes, tokens: 2048, levels: fastLevels },
    { ...fullCache, executions: operandTypes },
  ]],
  ["SmolLM2-135M", [{ ...window, executions: paperExecutions }]],
  ["OPT-1.3B", [{ ...window, executions: paperExecutions }]],
  ["OPT-2.7B", [{ ...window, executions: paperExecutions }]],
  ["LLaMA-7B", [
    { ...window, executions: paperExecutions },
    { ...window, executions: ["FP32", "W4A8"], tokens: 2048, levels: ["native"] },
    { ...fullCache, executions: paperExecutions },
  ]],
];

/** One transformer block, operation by operation: figure 2, and what table 4 is computed from. */
export const block: Suite = {
  description: "one transformer block, operation by operation, in floats and integers",
  async run(bench) {
    const threads = navigator.hardwareConcurrency;
    const specs = instructionLevels.map((level) => agilePeer(level, threads));
    const chosen = bench.options.quick ? [[plan[0][0], plan[0][1].slice(0, 1)] as const] : plan;
    await bench.withPeers(specs, async (peers) => {
      const heats: Heat[] = chosen.map(([model, stages]) =>
        stages.flatMap(({ phase, tokens, executions, levels }) =>
          peers.filter(({ facts }) => levels.includes(facts.level!)).flatMap((contender) =>
            executions.map((execution) => (
              { job: { kind: "block", model, execution, phase, tokens }, contender }
            ))
          )
        )
      );
      await bench.measure("transformer blocks", heats);
    });
  },
  tables(record) {
    const titles = new Set(record.measurements.map(titleOf));
    return [...titles].map((title) => blockTable(record, title));
  },
};

function titleOf({ job }: Measurement): string {
  const where = job.phase === "prefill" ? "prefill, window of" : "decode, cache of";
  return `One block of ${job.model}, ${where} ${job.tokens} tokens: milliseconds`;
}

/** Rows of operations, and a column per contender and execution. */
function blockTable(record: BenchRecord, title: string): Table {
  const measured = record.measurements.filter((each) => titleOf(each) === title);
  const contenders = [...new Set(measured.map(({ contender }) => contender))];
  const columns = contenders.flatMap((contender) =>
    operandTypes.map((execution) => ({ contender, execution }))
  ).filter(({ contender, execution }) =>
    measured.some((each) => each.contender === contender && each.job.execution === execution)
  );
  const find = (contender: string, execution: OperandTypes, quantity: string) =>
    measured.find((each) =>
      each.contender === contender && each.job.execution === execution && each.quantity === quantity
    )?.median;
  const operations = [...new Set(measured.map(({ quantity }) => quantity))]
    .filter((quantity) => quantity !== "time");
  const row = (name: string, value: (each: typeof columns[number]) => number | undefined) => [
    name,
    ...columns.map((column) => {
      const found = value(column);
      return found === undefined ? null : { value: found, digits: 2 };
    }),
  ];
  const whole = ({ contender, execution }: typeof columns[number]) =>
    find(contender, execution, "time");
  return {
    title,
    columns: [
      "operation",
      ...columns.map(({ contender, execution }) => `${contender} ${execution}`),
    ],
    rows: [
      ...operations.map((operation) =>
        row(operation, ({ contender, execution }) => find(contender, execution, operation))
      ),
      row(
        "sum of the operations",
        ({ contender, execution }) =>
          operations.reduce((sum, each) => sum + (find(contender, execution, each) ?? NaN), 0),
      ),
      row("block without the stopwatch", whole),
      row("speed-up over FP32", (column) => {
        const [own, floats] = [whole(column), whole({ ...column, execution: "FP32" })];
        return own && floats && floats / own;
      }),
    ],
  };
}
