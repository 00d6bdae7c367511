import type { Execution } from "../../experiments/bench_record.ts";
import { type ModelName, modelShapes } from "../../experiments/model_shapes.ts";
import {
  type Cache,
  disposeModel,
  extend,
  type ForwardOptions,
  type Model,
  runLayer,
  startCache,
} from "../../lib/model/mod.ts";
import { causalSoftmax, tf, tidy } from "../../lib/tensor/mod.ts";
import type { Scope } from "../harness/serve.ts";
import type { Turn } from "../harness/turn.ts";
import { execute, type Executed, randomIds, randomModel } from "./models.ts";
import { randomValues } from "./product.ts";
import { Stopwatch } from "./stopwatch.ts";

/** One block of a model: a window at once, or one token with those before it in a cache. */
export interface BlockJob {
  model: ModelName;
  execution: Execution;
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
  const { model, forward } = await scope.share(
    `${name} ${execution}`,
    () => blockOf(name, execution, scope),
  );
  const stopwatch = new Stopwatch();
  const prepare = phase === "prefill" ? prefill : decode;
  const plain = prepare(model, forward, tokens, scope);
  const hook = stopwatch.hook(forward.hook);
  const watched = prepare(stopwatch.watch(model), { ...forward, hook }, tokens, scope);
  const queries = phase === "prefill" ? tokens : 1;
  const pieces = attentionPieces(model.architecture.headDim, queries, tokens, scope);
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

async function blockOf(name: ModelName, execution: Execution, scope: Scope): Promise<Executed> {
  const architecture = { ...modelShapes[name], layers: 1, vocabularySize: 256 };
  const executed = await execute(await randomModel(name, architecture), execution);
  scope.onEnd(() => disposeModel(executed.model));
  return executed;
}

function prefill(
  model: Model,
  forward: ForwardOptions,
  tokens: number,
  scope: Scope,
): Pass {
  const { hiddenSize } = model.architecture;
  const hidden = randomRows(tokens, hiddenSize, scope);
  const positions = Int32Array.from({ length: tokens }, (_, index) => index);
  const state = { hidden, positions, batch: 1 };
  return {
    run: () => tidy(() => runLayer(model, 0, state, forward)).state.hidden.dispose(),
    rewind() {},
  };
}

function decode(
  model: Model,
  { hook }: ForwardOptions,
  tokens: number,
  scope: Scope,
): Pass {
  const empty = startCache(model);
  const { keyValueHeads, headDim } = model.architecture;
  const rows = randomRows(tokens - 1, keyValueHeads * headDim, scope);
  const full: Cache = {
    length: tokens - 1,
    layers: empty.layers.map(({ key, value }) => (
      { key: key.append(rows), value: value.append(rows) }
    )),
  };
  const ids = randomIds(model, 1);
  const step = (cache: Cache) => {
    const { hidden, cache: extended } = extend(model, cache, ids, { hook });
    hidden.dispose();
    return extended;
  };
  let cache = full;
  return {
    run: () => cache = step(cache),
    rewind: () => cache = step(full), // which copies the cache, once
  };
}

function randomRows(rows: number, columns: number, scope: Scope): tf.Tensor2D {
  const tensor = tf.tensor2d(randomValues(rows * columns), [rows, columns]);
  scope.onEnd(() => tensor.dispose());
  return tensor;
}

/** The three pieces of attention for a few heads of the shape that the block has. */
function attentionPieces(
  headDim: number,
  queries: number,
  keys: number,
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
    softmax: clock(() => causalSoftmax(scores, { scale }).dispose()),
    AV: clock(() => tf.matMul(probabilities, v).dispose()),
  });
}

/** Milliseconds that some work takes. */
function clock(work: () => unknown): number {
  const start = performance.now();
  work();
  return performance.now() - start;
}

/** Milliseconds that short passes are repeated for. */
const leastTime = 20;

/** The mean figures of as many passes as fill {@linkcode leastTime}. */
function average<Name extends string>(pass: () => Record<Name, number>): Record<Name, number> {
  const end = performance.now() + leastTime;
  const sums = pass();
  let count = 1;
  for (; performance.now() < end; count++) {
    const figures = pass();
    for (const name in figures) sums[name] += figures[name];
  }
  for (const name in sums) sums[name] /= count;
  return sums;
}
