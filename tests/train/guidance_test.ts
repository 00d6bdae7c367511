import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { tensorData, tf, tidy } from "../../lib/tensor/mod.ts";
import {
  edgeQatWeights,
  guidanceLoss,
  lossAndGradients,
  mapLikeness,
  openTrainable,
  operandEntropy,
  type Operands,
  OperandWatch,
} from "../../lib/train/mod.ts";
import { families, randomIds, randomModel } from "../model/tiny_models.ts";
import { randomFloats } from "../tensor/compare.ts";

const shape = { heads: 4, keyValueHeads: 2, headDim: 3 };
const [windows, tokens] = [2, 5];

/** Queries and keys as plain numbers. */
interface Values {
  query: Float32Array;
  key: Float32Array;
}

function randomValues(seed: number): Values {
  const { heads, keyValueHeads, headDim } = shape;
  return {
    query: randomFloats(windows * tokens * heads * headDim, seed),
    key: randomFloats(windows * tokens * keyValueHeads * headDim, seed + 1),
  };
}

function tensorsOf({ query, key }: Values): Operands {
  return {
    query: tf.tensor2d(query.slice(), [windows * tokens, shape.heads * shape.headDim]),
    key: tf.tensor2d(key.slice(), [windows * tokens, shape.keyValueHeads * shape.headDim]),
  };
}

/** Every score of a head and window, in float64. */
function scoresOf({ query, key }: Values, window: number, head: number): number[] {
  const { heads, keyValueHeads, headDim } = shape;
  const owner = Math.floor(head * keyValueHeads / heads);
  const scores: number[] = [];
  for (let i = 0; i < tokens; i++) {
    for (let j = 0; j < tokens; j++) {
      let score = 0;
      for (let c = 0; c < headDim; c++) {
        score += query[((window * tokens + i) * heads + head) * headDim + c] *
          key[((window * tokens + j) * keyValueHeads + owner) * headDim + c];
      }
      scores.push(score);
    }
  }
  return scores;
}

const dot = (a: number[], b: number[]) => a.reduce((sum, each, i) => sum + each * b[i], 0);

/** The definition, map by map. */
function likenessSlowly(student: Values, teacher: Values): number {
  let sum = 0;
  for (let window = 0; window < windows; window++) {
    for (let head = 0; head < shape.heads; head++) {
      const [own, its] = [student, teacher].map((each) => scoresOf(each, window, head));
      sum += dot(own, its) / Math.sqrt(dot(own, own) * dot(its, its));
    }
  }
  return sum / (windows * shape.heads);
}

function entropySlowly({ query, key }: Values): number {
  const { headDim } = shape;
  const logs: number[] = [];
  for (const values of [query, key]) {
    for (let at = 0; at < values.length; at += headDim) {
      const own = Array.from(values.subarray(at, at + headDim));
      const mean = dot(own, own.map(() => 1)) / headDim;
      const centred = own.map((each) => each - mean);
      logs.push(Math.log(1 + dot(centred, centred) / (headDim - 1)));
    }
  }
  return logs.reduce((sum, each) => sum + each, 0) / logs.length;
}

const [student, teacher] = [randomValues(1), randomValues(11)];

Deno.test("mapLikeness() is the mean cosine of maps that it never makes, also for shared keys", () => {
  tidy(() => {
    const [own, its] = [student, teacher].map(tensorsOf);
    const found = tensorData(mapLikeness(own, its, shape, windows))[0];
    assertAlmostEquals(found, likenessSlowly(student, teacher), 1e-6);
    assertAlmostEquals(tensorData(mapLikeness(own, own, shape, windows))[0], 1, 1e-6);
  });
});

Deno.test("operandEntropy() is the mean of log(1 + variance) of every token and head", () => {
  tidy(() => {
    const found = tensorData(operandEntropy(tensorsOf(student), shape))[0];
    assertAlmostEquals(found, entropySlowly(student), 1e-6);
  });
});

Deno.test("guidanceLoss() falls where entropy and likeness rise, with the gradient that differences say", () => {
  const other = randomValues(21);
  const slow = (values: Values) =>
    -0.5 * Math.log((entropySlowly(values) + entropySlowly(other)) / 2) -
    0.7 * Math.log((likenessSlowly(values, student) + likenessSlowly(other, other)) / 2);
  const own: Values = {
    query: student.query.map((each, i) => each + 0.4 * teacher.query[i]),
    key: student.key.map((each, i) => each + 0.4 * teacher.key[i]),
  };
  tidy(() => {
    const its = [student, other].map(tensorsOf);
    const { query, key } = tensorsOf(own);
    const loss = (q: tf.Tensor, k: tf.Tensor) =>
      guidanceLoss(
        [{ query: q, key: k } as Operands, its[1]],
        its,
        shape,
        windows,
        { entropy: 0.5, distribution: 0.7 },
      );
    assertAlmostEquals(tensorData(loss(query, key))[0], slow(own), 1e-6);
    const slopes = tf.grads(loss)([query, key]).map((each) => tensorData(each));
    const step = 1e-3;
    (["query", "key"] as const).forEach((name, operand) => {
      for (const index of [0, 7, 29, 52]) {
        const moved = (by: number) => ({
          ...own,
          [name]: own[name].map((value, i) => i === index ? value + by : value),
        });
        const expected = (slow(moved(step)) - slow(moved(-step))) / (2 * step);
        assertAlmostEquals(slopes[operand][index], expected, 1e-5, `${name} ${index}`);
      }
    });
  });
});

Deno.test("OperandWatch keeps what the products read until it is disposed of", async () => {
  using model = await openTrainable(await randomModel(families.llama));
  const batch = { inputs: randomIds(12, 1), targets: randomIds(12, 2) };
  const guide = { teacher: model, weights: edgeQatWeights };
  const before = tf.memory().numTensors;
  const { loss, objective } = lossAndGradients(model, batch, 2, guide);
  assertEquals(tf.memory().numTensors, before);
  const watch = new OperandWatch();
  tidy(() => watch.hook(tf.ones([4, 6]), { site: "attn.q", layer: 0, window: 0 }));
  tidy(() => watch.hook(tf.ones([4, 3]), { site: "attn.k", layer: 0, window: 0 }));
  assertEquals(watch.operands.map(({ query, key }) => [query.shape, key.shape]), [[[4, 6], [
    4,
    3,
  ]]]);
  watch[Symbol.dispose]();
  assertEquals(tf.memory().numTensors, before);
  assert(objective !== loss);
});
