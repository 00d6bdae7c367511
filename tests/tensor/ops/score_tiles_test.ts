import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import {
  type HeadOperands,
  linear,
  scoreTokens,
  tensorData,
  tf,
  tidy,
  useBackend,
} from "../../../lib/tensor/mod.ts";
import { logSoftmax } from "../../eval/log_softmax.ts";
import { assertFloatsClose, assertFreesMemory, randomFloats } from "../compare.ts";

/** More rows than a tile has, and more tokens than two have. */
const [rows, vocabulary] = [200, 1100];
const targets = Int32Array.from({ length: rows }, (_, row) => (row * 379 + 5) % vocabulary);

/** A head, with logits of about this size. */
function randomHead(depth: number, size: number, seed: number): HeadOperands {
  const x = randomFloats(rows * depth, seed).map((value) => value * size / Math.sqrt(depth));
  return {
    x: tf.tensor2d(x, [rows, depth]),
    weight: tf.tensor2d(randomFloats(vocabulary * depth, seed + 1), [vocabulary, depth]),
    bias: tf.tensor1d(randomFloats(vocabulary, seed + 2)),
  };
}

/** The scores as arrays. */
function scoresOf(head: HeadOperands, reference?: HeadOperands, own = targets) {
  const { loss, referenceLoss, divergence, agreement } = scoreTokens(head, own, reference);
  return [loss, referenceLoss, divergence, agreement].map((values) => values?.dataSync());
}

/** The scores from logits that are kept, in float64. */
function slowScores(head: HeadOperands, reference: HeadOperands): number[][] {
  const [q, p] = [head, reference].map(({ x, weight, bias }) => {
    const logits = tensorData(linear(x, weight, bias));
    return Array.from(
      targets,
      (_, row) => logits.subarray(row * vocabulary, (row + 1) * vocabulary),
    );
  });
  const best = (logits: Float32Array) => logits.indexOf(Math.max(...logits));
  const rows = Array.from(targets, (target, row) => {
    const [logQ, logP] = [q[row], p[row]].map(logSoftmax);
    const divergence = logP.reduce((sum, log, i) => sum + Math.exp(log) * (log - logQ[i]), 0);
    return [-logQ[target], -logP[target], divergence, Number(best(p[row]) === best(q[row]))];
  });
  return [0, 1, 2, 3].map((score) => rows.map((row) => row[score]));
}

for (const native of [true, false]) {
  const title = native ? "" : " without a native library";
  Deno.test(`computeScores() is what logits that are kept say${title}`, async () => {
    await useBackend("agile", { native });
    for (const size of [0.01, 3, 300]) {
      tidy(() => {
        const [head, reference] = [randomHead(40, size, 1), randomHead(24, size, 4)];
        // Some rows in which the two agree.
        const both = [head, { ...reference, x: tf.mul(reference.x, 1.01) as tf.Tensor2D }];
        for (const other of both) {
          const expected = slowScores(other, reference);
          const tolerance = 1e-6 * (1 + size); // a few roundings of a difference of logits
          scoresOf(other, reference).forEach((values, score) => {
            values!.forEach((value, row) => {
              const error = Math.abs(value - expected[score][row]);
              const close = error <= tolerance;
              assert(close, `score ${score}: ${value} for ${expected[score][row]}`);
            });
          });
        }
        const agreeing = scoresOf(both[1], reference)[3]!.filter((flag) => flag === 1).length;
        assert(agreeing > rows / 2, `${agreeing} rows agree`);
      });
    }
    await useBackend("agile");
  });
}

Deno.test("computeScores() gives a row what it gets alone, beside a reference or not, bit for bit", async () => {
  await useBackend("agile", { native: false });
  tidy(() => {
    const [head, reference] = [randomHead(40, 3, 1), randomHead(24, 3, 4)];
    const whole = scoresOf(head, reference);
    assertEquals(scoresOf(head)[0], whole[0]);
    assertEquals(scoresOf(reference)[0], whole[1]);
    for (const [first, count] of [[0, 150], [77, 2], [199, 1]]) {
      const [some, others] = [head, reference].map((each) => ({
        ...each,
        x: tf.slice2d(each.x, [first, 0], [count, -1]),
      }));
      const part = scoresOf(some, others, targets.subarray(first, first + count));
      assertEquals(part, whole.map((values) => values!.subarray(first, first + count)));
    }
  });
  await useBackend("agile");
});

Deno.test("computeScores() of logits that are not finite", async () => {
  await useBackend("agile");
  tidy(() => {
    const head = randomHead(40, 3, 1);
    const lossesWith = (...changes: [first: number, end: number, value: number][]) => {
      const bias = tensorData(head.bias!).slice();
      for (const [first, end, value] of changes) bias.fill(value, first, end);
      return scoresOf({ ...head, bias: tf.tensor1d(bias) })[0]!;
    };
    // Impossible tokens, a whole tile of them, are as if they were not there.
    const impossible = lossesWith([0, 600, -Infinity]);
    const absent = lossesWith([0, 600, -1e4]);
    targets.forEach((target, row) => {
      assertEquals(impossible[row], target < 600 ? Infinity : absent[row]);
    });
    for (const value of [NaN, Infinity]) {
      assertEquals(lossesWith([700, 701, value]), new Float32Array(rows).fill(NaN));
      const alone = lossesWith([0, vocabulary, -Infinity], [700, 701, value]);
      assertEquals(alone, new Float32Array(rows).fill(NaN));
    }
    const nothing = lossesWith([0, vocabulary, -Infinity]);
    assertEquals(nothing, new Float32Array(rows).fill(NaN));
    // A row of its own: the others keep their scores.
    const x = tensorData(head.x).slice();
    x.fill(NaN, 40 * 7, 40 * 8);
    const [loss] = scoresOf({ ...head, x: tf.tensor2d(x, [rows, 40]) });
    const [clean] = scoresOf(head);
    clean![7] = NaN;
    assertEquals(loss, clean);
    const compared = scoresOf(head, { ...head, x: tf.tensor2d(x, [rows, 40]) });
    assertEquals(compared[2]!.findIndex(Number.isNaN), 7);
  });
});

Deno.test("computeScores() forgets no unlikely token beside a likely one", async () => {
  await useBackend("agile");
  // Each is less than the last digit of a float32 sum that has the likely one.
  const weight = new Float32Array(2 ** 16).fill(-17).fill(0, 0, 1);
  tidy(() => {
    const head = { x: tf.ones<tf.Rank.R2>([1, 1]), weight: tf.tensor2d(weight, [2 ** 16, 1]) };
    const [loss] = scoresOf(head, undefined, Int32Array.of(0));
    assertAlmostEquals(loss![0], Math.log1p((2 ** 16 - 1) * Math.exp(-17)), 2e-7);
  });
});

Deno.test("computeScores() takes the first of the most likely tokens, also of several tiles", async () => {
  await useBackend("agile");
  tidy(() => {
    const headWith = (...best: number[]): HeadOperands => {
      const bias = new Float32Array(vocabulary);
      for (const token of best) bias[token] = 2;
      const x = tf.zeros<tf.Rank.R2>([rows, 1]);
      return { x, weight: tf.zeros<tf.Rank.R2>([vocabulary, 1]), bias: tf.tensor1d(bias) };
    };
    const agreementOf = (p: number[], q: number[]) =>
      scoresOf(headWith(...q), headWith(...p))[3]![0];
    assertEquals(agreementOf([3, 1099], [3, 600]), 1);
    assertEquals(agreementOf([600, 1099], [1099]), 0);
    assertEquals(agreementOf([1099], [1099]), 1);
    assertEquals(agreementOf([], [0]), 1);
  });
});

Deno.test("computeScores() keeps nothing but the scores", async () => {
  await useBackend("agile");
  const [head, reference] = [randomHead(40, 3, 1), randomHead(24, 3, 4)];
  for (const other of [undefined, reference]) {
    assertFreesMemory(() => tf.dispose(Object.values(scoreTokens(head, targets, other))));
  }
  const kept = tidy(() => scoreTokens(head, targets).loss);
  assertFloatsClose(tensorData(kept), scoresOf(head)[0]!, 0);
  tf.dispose([kept, ...Object.values(head), ...Object.values(reference)]);
});
