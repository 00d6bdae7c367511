import process from "node:process";
import { type ModelName, modelShapes } from "../../experiments/measure/model_shapes.ts";
import type { OperandTypes } from "../../experiments/result/bench_record.ts";
import {
  forward,
  type ForwardOptions,
  headOperands,
  type OpenModel,
  openModel,
} from "../../lib/model/mod.ts";
import { arenaBytes, scoreTokens, tensorData, tf, tidy } from "../../lib/tensor/mod.ts";
import type { Scope } from "../harness/serve.ts";
import { clock, type Turn } from "../harness/turn.ts";
import { randomModel } from "../../experiments/measure/random_model.ts";
import { randomIds, sharedModel } from "./models.ts";

/** The perplexity of a whole model on one window of random tokens. */
export interface PerplexityJob {
  model: ModelName;
  execution: OperandTypes;
  window: number;
}

/** Gets a model and a window ready. */
export async function preparePerplexity(
  { model: name, execution, window }: PerplexityJob,
  scope: Scope,
): Promise<Turn> {
  const { model, forward } = await sharedModel(
    scope,
    name,
    execution,
    () => randomModel(name, modelShapes[name]),
  );
  const ids = randomIds(model, window);
  return () => ({ time: clock(() => lossesOf(model, ids, forward)) });
}

/** Losses of the next tokens of a window, whose mean is the logarithm of perplexity. */
function lossesOf(model: OpenModel, ids: Int32Array, options: ForwardOptions): Float32Array {
  return tidy(() => {
    const { hidden } = forward(model, ids, options);
    const head = headOperands(model, tf.slice2d(hidden, [0, 0], [ids.length - 1, -1]));
    return tensorData(scoreTokens(head, ids.subarray(1)).loss).slice();
  });
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
  const model = await openModel(randomModel(name, architecture));
  scope.onEnd(() => model[Symbol.dispose]());
  const ids = randomIds(model, batch * window);
  return () => ({
    time: clock(() => forward(model, ids, {}, batch).hidden.dispose()),
    "peak memory": 1024 * process.resourceUsage().maxRSS,
    "tensor memory": arenaBytes(),
  });
}
