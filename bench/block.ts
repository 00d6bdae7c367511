import {
  type BenchRecord,
  type Execution,
  executions,
  instructionLevels,
  type Measurement,
} from "../experiments/bench_record.ts";
import type { ModelName } from "../experiments/model_shapes.ts";
import { table4Window } from "../experiments/table4.ts";
import type { Table } from "../lib/report/mod.ts";
import { agilePeer } from "./contenders/specs.ts";
import type { Heat, Suite } from "./harness/suite.ts";
import type { BlockJob } from "./jobs/block.ts";

type Stage = Pick<BlockJob, "phase" | "tokens">;

const shortWindow: Stage = { phase: "prefill", tokens: table4Window };
const longWindow: Stage = { phase: "prefill", tokens: 2048 };
const fullCache: Stage = { phase: "decode", tokens: 2048 };

interface Plan {
  model: ModelName;
  executions: readonly Execution[];
  stages: Stage[];
}

/** What table 4 needs. */
const paperExecutions: Execution[] = ["FP32", "W4A8", "W4A4"];

const plans: Plan[] = [
  { model: "OPT-125M", executions, stages: [shortWindow, longWindow, fullCache] },
  { model: "OPT-1.3B", executions: paperExecutions, stages: [shortWindow] },
  { model: "OPT-2.7B", executions: paperExecutions, stages: [shortWindow] },
  { model: "LLaMA-7B", executions: paperExecutions, stages: [shortWindow, longWindow, fullCache] },
];

/** One transformer block, operation by operation: figure 2, and what table 4 is computed from. */
export const block: Suite = {
  description: "one transformer block, operation by operation, in floats and integers",
  async run(bench) {
    const { quick } = bench.options;
    const threads = navigator.hardwareConcurrency;
    const specs = instructionLevels.map((level) => agilePeer(level, threads));
    await bench.withPeers(specs, async (peers) => {
      const native = peers.filter(({ facts }) => facts.level === "native");
      const chosen = quick ? [{ ...plans[0], stages: [shortWindow] }] : plans;
      const heats: Heat[] = chosen.map(({ model, executions, stages }) =>
        stages.flatMap((stage) =>
          // The largest would take the others minutes.
          (model === "LLaMA-7B" && stage === longWindow ? native : peers).flatMap((contender) =>
            executions.map((execution) => (
              { job: { kind: "block", model, execution, ...stage }, contender }
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
    executions.map((execution) => ({ contender, execution }))
  );
  const find = (contender: string, execution: Execution, quantity: string) =>
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
