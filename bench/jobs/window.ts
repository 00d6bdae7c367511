import process from "node:process";
import { type ModelName, modelShapes } from "../../experiments/measure/model_shapes.ts";
import type { Execution } from "../../experiments/result/bench_record.ts";
import { scoreWindow } from "../../lib/eval/mod.ts";
import { disposeModel, forward } from "../../lib/model/mod.ts";
import { arenaBytes } from "../../lib/tensor/mod.ts";
import type { Scope } from "../harness/serve.ts";
import { clock, type Turn } from "../harness/turn.ts";
import { execute, randomIds, randomModel } from "./models.ts";

/** The perplexity of a whole model on one window of random tokens. */
export interface PerplexityJob {
  model: ModelName;
  execution: Execution;
  window: number;
}

/** Gets a model and a window ready. */
export async function preparePerplexity(
  { model: name, execution, window }: PerplexityJob,
  scope: Scope,
): Promise<Turn> {
  const { model, forward } = await execute(await randomModel(name, modelShapes[name]), execution);
  scope.onEnd(() => disposeModel(model));
  const ids = randomIds(model, window);
  return () => ({ time: clock(() => scoreWindow(model, ids, forward)) });
}

/** A forward pass through some blocks of a model in FP32. */
export interface ForwardJob {
  model: ModelName;
  layers: number;
  window: number;
  batch: number;
}

/**
 * Gets some blocks ready. A turn also gives the largest memory that this process has had so far and
 * what the tensors' memory has grown to.
 */
export async function prepareForward(
  { model: name, layers, window, batch }: ForwardJob,
  scope: Scope,
): Promise<Turn> {
  const architecture = { ...modelShapes[name], layers, vocabularySize: 256 };
  const model = await randomModel(name, architecture);
  scope.onEnd(() => disposeModel(model));
  const ids = randomIds(model, batch * window);
  return () => ({
    time: clock(() => forward(model, ids, {}, batch).hidden.dispose()),
    "peak memory": 1024 * process.resourceUsage().maxRSS,
    "tensor memory": arenaBytes(),
  });
}
