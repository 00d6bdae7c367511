/** Peer: the backend `agile` of this process's environment, for every job of the suites. */
import { refuse } from "../../lib/core/mod.ts";
import { useBackend } from "../../lib/tensor/mod.ts";
import type { InstructionLevel, Job } from "../../experiments/bench_record.ts";
import { serve } from "../harness/serve.ts";
import type { Turn } from "../harness/turn.ts";
import { prepareProduct, type ProductJob } from "../jobs/product.ts";

const level = Deno.args[0] as InstructionLevel;
const { matrixProduct, threads } = await useBackend("agile");

/** The kinds of jobs, as their property `kind` names them. */
const kinds: Record<string, (job: Job) => Turn | Promise<Turn>> = {
  product: (job) => prepareProduct(job as unknown as ProductJob),
};

await serve({ library: matrixProduct, level, threads }, (job) => {
  const prepare = kinds[job.kind];
  return prepare
    ? prepare(job)
    : refuse("run a job", `kind must be ${Object.keys(kinds)}`, job.kind);
});
