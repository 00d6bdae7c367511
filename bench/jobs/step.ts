import { type ModelName, modelShapes } from "../../experiments/measure/model_shapes.ts";
import type { OperandTypes } from "../../experiments/result/bench_record.ts";
import {
  type Cache,
  type CachePrecision,
  extend,
  loadModel,
  logits,
  type Model,
} from "../../lib/model/mod.ts";
import { tidy } from "../../lib/tensor/mod.ts";
import type { Scope } from "../harness/serve.ts";
import { clock, type Turn } from "../harness/turn.ts";
import { fullCache } from "./full_cache.ts";
import { randomModel } from "../../experiments/measure/random_model.ts";
import { randomIds, sharedModel } from "./models.ts";

/** One more token of a text, up to its logits. */
export interface StepJob {
  /** A shape of random numbers, or a bundled model's folder. */
  model: string;
  execution: OperandTypes;
  /** Tokens in the cache, the new one included. */
  tokens: number;
  cache: CachePrecision;
}

/** Gets a model and a full cache ready. */
export async function prepareStep(
  { model: name, execution, tokens, cache: precision }: StepJob,
  scope: Scope,
): Promise<Turn> {
  const { model, forward: { hook, probabilities } } = await sharedModel(
    scope,
    `${name} as published`,
    execution,
    () => load(name),
  );
  const ids = randomIds(model, 1);
  const step = (cache: Cache) =>
    tidy(() => {
      const { hidden, cache: extended } = extend(model, cache, ids, { hook, probabilities });
      logits(model, hidden);
      return extended;
    });
  const full = fullCache(model, tokens - stepsPerTurn, precision);
  scope.onEnd(() => full[Symbol.dispose]());
  return () => {
    let cache = step(full); // which copies the cache, once
    const elapsed = clock(() => {
      for (let steps = 1; steps < stepsPerTurn; steps++) {
        const next = step(cache);
        cache[Symbol.dispose]();
        cache = next;
      }
    });
    cache[Symbol.dispose]();
    return { time: elapsed / (stepsPerTurn - 1) };
  };
}

/** Steps of a turn, as of every engine: the first is not counted. */
const stepsPerTurn = 16;

async function load(name: string): Promise<Model> {
  return Object.hasOwn(modelShapes, name)
    ? randomModel(name, modelShapes[name as ModelName], "F16") // as its checkpoint is published
    : await loadModel(name);
}
