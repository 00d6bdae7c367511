/** Peer: the backend `agile` of this process's environment, for the jobs of all suites. */
import { refuse } from "../../lib/core/mod.ts";
import { useBackend } from "../../lib/tensor/mod.ts";
import type { InstructionLevel, Job } from "../../experiments/result/bench_record.ts";
import { type Prepare, type Scope, serve } from "../harness/serve.ts";
import { prepareBlock } from "../jobs/block.ts";
import { prepareGptq } from "../jobs/gptq.ts";
import { preparePackedWeight } from "../jobs/packed_weight.ts";
import { prepareProduct } from "../jobs/product.ts";
import { prepareStep } from "../jobs/step.ts";
import { prepareForward, preparePerplexity } from "../jobs/window.ts";
import type { Turn } from "../harness/turn.ts";

const level = Deno.args[0] as InstructionLevel;
const { matrixProduct, threads } = await useBackend("agile");

/** The kinds of jobs, as their property `kind` names them. */
const kinds: Record<string, Prepare> = {
  block: prepared(prepareBlock),
  forward: prepared(prepareForward),
  gptq: prepared(prepareGptq),
  "packed weight": prepared(preparePackedWeight),
  perplexity: prepared(preparePerplexity),
  product: prepared(prepareProduct),
  step: prepared(prepareStep),
};

/** Suites and jobs agree on what a job of a kind holds. */
function prepared<Kind>(prepare: (job: Kind, scope: Scope) => Turn | Promise<Turn>): Prepare {
  return (job, scope) => prepare(job as Job & Kind, scope);
}

await serve({ library: matrixProduct, level, threads }, (job, scope) => {
  const prepare = kinds[job.kind];
  if (!prepare) refuse("run a job", `kind must be ${Object.keys(kinds).join(", ")}`, job.kind);
  return prepare(job, scope);
});
