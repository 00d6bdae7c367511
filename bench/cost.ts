import type { Job } from "../experiments/result/bench_record.ts";
import { SubjectPool } from "../experiments/cells/subject_pool.ts";
import { evaluate, evaluationOf } from "../experiments/measure/evaluation.ts";
import { estimateRun } from "../experiments/measure/run_cost.ts";
import { type MethodName, methods, Versions } from "../lib/methods/mod.ts";
import type { LocalContender, Suite } from "./harness/suite.ts";
import type { Turn } from "./harness/turn.ts";

const models = ["llama", "opt", "bloom"];

const measured: MethodName[] = ["fp16", "rtn4", "gptq4", "smoothquant", "agileq-8"];

const windows = 16;

/** Seconds for all turns of one model and method; three rounds are taken in any case. */
const heatSeconds = 20;

/** A cell on a bundled model. */
interface CostJob {
  model: string;
  method: MethodName;
  windows: number;
}

/** What `--dry-run` says a cell will take beside what it takes. */
export const cost: Suite = {
  description: "what --dry-run says that cells of the bundled models take beside what they take",
  omitted: "all but GPTQ on one model",
  async run(bench) {
    const { quick, signal } = bench.options;
    const pool = new SubjectPool(1);
    const subjectOf = (model: string) =>
      pool.load({ folder: `data/models/${model}-encyclopedia`, windows }, signal);
    const contenders = [
      contender("estimate", async ({ model, method }) => {
        const { facts, model: { architecture } } = await subjectOf(model);
        const run = { ...facts, architecture, method: methods[method], compare: true };
        return async () => {
          const { prepare, score } = await estimateRun(
            { ...run, execute: "emulate", pruned: false },
            { signal },
          );
          return { time: 1000 * (prepare + score) };
        };
      }),
      contender("measurement", async ({ model, method }) => {
        const { referenceStreams: _, ...subject } = await subjectOf(model);
        return async () => {
          const alone = { ...subject, versions: new Versions() };
          const start = performance.now();
          await evaluate(alone, evaluationOf(subject.facts, method), { signal });
          return { time: performance.now() - start };
        };
      }),
    ];
    const jobs = quick
      ? [jobOf(models[0], "gptq4")]
      : models.flatMap((model) => measured.map((method) => jobOf(model, method)));
    for (const job of jobs) {
      const heat = contenders.map((each) => ({ job, contender: each }));
      await bench.measure(`${job.model}, ${job.method}`, [heat], {}, heatSeconds);
    }
  },
  tables({ measurements }) {
    const timed = (name: string) => measurements.filter(({ contender }) => contender === name);
    return [{
      title:
        `Cells of ${windows} windows on the bundled models: what --dry-run says, and what they take`,
      columns: ["model", "method", "estimate, s", "measured, s", "ratio"],
      rows: timed("measurement").map(({ job, median }) => {
        const estimate = timed("estimate").find((each) => each.job === job)!.median;
        return [
          ...[String(job.model), String(job.method)],
          ...[estimate, median].map((each) => ({ value: each / 1000, digits: 2 })),
          { value: estimate / median, digits: 2 },
        ];
      }),
    }];
  },
};

function jobOf(model: string, method: MethodName): Job {
  return { kind: "cell", model, method, windows };
}

/** Something that says of a cell what it takes. */
function contender(
  name: string,
  prepare: (job: CostJob) => Promise<Turn>,
): LocalContender {
  const facts = { library: "agile-quant-lab", level: null, threads: navigator.hardwareConcurrency };
  return { name, facts, prepare: (job) => prepare(job as unknown as CostJob) };
}
