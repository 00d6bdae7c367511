import { type ModelName, modelShapes } from "../../experiments/measure/model_shapes.ts";
import type { OperandTypes } from "../../experiments/result/bench_record.ts";
import {
  type Cache,
  extend,
  type ForwardOptions,
  type OpenModel,
  runBlock,
} from "../../lib/model/mod.ts";
import { causalSoftmax, fakeQuantLog2, type Log2Rounding, tf, tidy } from "../../lib/tensor/mod.ts";
import type { Scope } from "../harness/serve.ts";
import { average, clock, type Turn } from "../harness/turn.ts";
import { fullCache } from "./full_cache.ts";
import { randomModel, randomValues } from "../../experiments/measure/random_model.ts";
import { randomIds, sharedModel } from "./models.ts";
import { Stopwatch } from "./stopwatch.ts";

/** One block of a model: a window at once, or one token with those before it in a cache. */
export interface BlockJob {
  model: ModelName;
  execution: OperandTypes;
  phase: "prefill" | "decode";
  /** Of the window; the last of them alone is computed when decoding. */
  tokens: number;
}

/**
 * Gets a block ready. A turn gives the `time` of a pass, and that of every operation in a pass under
 * a stopwatch; what attention takes is shared out by the times of its three pieces on their own.
 */
export async function prepareBlock(
  { model: name, execution, tokens, phase }: BlockJob,
  scope: Scope,
): Promise<Turn> {
  const architecture = { ...modelShapes[name], layers: 1, vocabularySize: 256 };
  const { model, forward } = await sharedModel(
    scope,
    `block of ${name}`,
    execution,
    () => randomModel(name, architecture),
  );
  const stopwatch = new Stopwatch();
  const prepare = phase === "prefill" ? prefill : decode;
  const plain = prepare(model, forward, tokens, scope);
  const hook = stopwatch.hook(forward.hook);
  const watched = prepare(stopwatch.watch(model), { ...forward, hook }, tokens, scope);
  const queries = phase === "prefill" ? tokens : 1;
  const pieces = attentionPieces(
    model.architecture.headDim,
    queries,
    tokens,
    forward.probabilities,
    scope,
  );
  return () => {
    plain.rewind();
    const time = average(() => ({ time: clock(plain.run) })).time;
    watched.rewind();
    const { attention, ...others } = average(() => stopwatch.time(watched.run));
    const shares = average(pieces);
    const sum = Object.values(shares).reduce((sum, each) => sum + each);
    const attended = Object.entries(shares).map(([name, each]) => [name, attention * each / sum]);
    return { time, ...others, ...Object.fromEntries(attended) };
  };
}

/** What is timed, and what brings it back to where it began. */
interface Pass {
  run(): void;
  rewind(): void;
}

function prefill(
  model: OpenModel,
  forward: ForwardOptions,
  tokens: number,
  scope: Scope,
): Pass {
  const { architecture, blocks: [block] } = model;
  const { hiddenSize } = architecture;
  const hidden = tf.tensor2d(randomValues(tokens * hiddenSize), [tokens, hiddenSize]);
  scope.onEnd(() => hidden.dispose());
  const positions = Int32Array.from({ length: tokens }, (_, index) => index);
  const state = { hidden, positions, batch: 1 };
  return {
    run: () => tidy(() => runBlock(architecture, block, state, forward)).state.hidden.dispose(),
    rewind() {},
  };
}

function decode(
  model: OpenModel,
  { hook, probabilities }: ForwardOptions,
  tokens: number,
  scope: Scope,
): Pass {
  const full = fullCache(model, tokens - 1);
  const ids = randomIds(model, 1);
  const step = (cache: Cache) => {
    const { hidden, cache: extended } = extend(model, cache, ids, { hook, probabilities });
    hidden.dispose();
    return extended;
  };
  scope.onEnd(() => full[Symbol.dispose]());
  let cache = step(full); // which copies the cache, once
  scope.onEnd(() => cache[Symbol.dispose]());
  const proceed = (from: Cache) => {
    const next = step(from);
    cache[Symbol.dispose]();
    cache = next;
  };
  return { run: () => proceed(cache), rewind: () => proceed(full) };
}

/** The three pieces of attention for two heads of the shape that the block has. */
function attentionPieces(
  headDim: number,
  queries: number,
  keys: number,
  rounding: Log2Rounding | undefined,
  scope: Scope,
): () => { "QK": number; "softmax": number; "AV": number } {
  const maps = 2;
  const random = (rows: number) =>
    tf.tensor3d(randomValues(maps * rows * headDim), [maps, rows, headDim]);
  const [q, k, v] = [random(queries), random(keys), random(keys)];
  const scores = tf.matMul(q, k, false, true) as tf.Tensor3D;
  const scale = 1 / Math.sqrt(headDim);
  const probabilities = causalSoftmax(scores, { scale });
  scope.onEnd(() => tf.dispose([q, k, v, scores, probabilities]));
  return () => ({
    QK: clock(() => tf.matMul(q, k, false, true).dispose()),
    softmax: clock(() => {
      const softmax = causalSoftmax(scores, { scale });
      if (rounding) fakeQuantLog2(softmax, rounding, "probabilities").dispose();
      softmax.dispose();
    }),
    AV: clock(() => tf.matMul(probabilities, v).dispose()),
  });
}
