import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { InputError } from "../../../lib/core/mod.ts";
import { causalSoftmax, tensorData, tf, useBackend } from "../../../lib/tensor/mod.ts";
import {
  assertFloatsClose,
  assertSameGradients,
  randomFloats,
  randomInput,
  randomTensor,
} from "../compare.ts";
import { slidingWindows } from "./attention_cases.ts";

Deno.test("causalSoftmax() has the value and gradient of its composition", async () => {
  const cases = fc.record({
    maps: fc.integer({ min: 1, max: 3 }),
    queries: fc.integer({ min: 1, max: 19 }),
    past: fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 19 })),
    alibi: fc.boolean(),
    slidingWindow: slidingWindows,
  });
  await fc.assert(
    fc.asyncProperty(cases, ({ maps, queries, past, alibi, slidingWindow }) => {
      const keys = past + queries;
      const slopes = alibi ? Array.from({ length: maps }, (_, map) => 0.5 ** map) : undefined;
      const keyPositions = alibi ? Int32Array.from({ length: keys }, (_, j) => 2 * j) : undefined;
      return assertSameGradients(
        [randomInput([maps, queries, keys], 1)],
        (scores) =>
          causalSoftmax(scores as tf.Tensor3D, {
            scale: 0.7,
            slopes,
            keyPositions,
            slidingWindow,
          }),
      );
    }),
    { seed: 13, numRuns: 60 },
  );
});

Deno.test("causalSoftmax() equals the definition in float64", async () => {
  await useBackend("agile");
  const n = 11;
  const [scale, slope] = [0.3, -0.25];
  const scores = randomFloats(n * n, 2);
  for (const slidingWindow of [undefined, 1, 4, 10, 11]) {
    const options = { scale, slopes: [slope], slidingWindow };
    const actual = tensorData(causalSoftmax(tf.tensor3d(scores, [1, n, n]), options));
    const expected = new Float64Array(n * n);
    for (let i = 0; i < n; i++) {
      const powers = Array.from(
        { length: i + 1 },
        (_, j) =>
          i - j < (slidingWindow ?? n) ? Math.exp(scale * scores[i * n + j] + slope * j) : 0,
      );
      const sum = powers.reduce((a, b) => a + b, 0);
      powers.forEach((power, j) => expected[i * n + j] = power / sum);
    }
    assertFloatsClose(actual, expected, 3e-7);
  }
});

Deno.test("causalSoftmax() of the last queries is the end of the whole map, bit for bit", async () => {
  await useBackend("agile");
  const [maps, keys] = [3, 14];
  const options = { scale: 0.3, slopes: [0.5, 0.25, 0.125], slidingWindow: 9 };
  const scores = randomTensor([maps, keys, keys], 4) as tf.Tensor3D;
  const whole = causalSoftmax(scores, options);
  for (let queries = 1; queries <= keys; queries++) {
    const last = (value: tf.Tensor3D) => tf.slice(value, [0, keys - queries, 0]);
    const actual = causalSoftmax(last(scores), options);
    assertEquals(tensorData(actual), tensorData(last(whole)));
  }
});

Deno.test("causalSoftmax() is exactly 0 after the query and survives huge scores", async () => {
  await useBackend("agile");
  const n = 6;
  const scores = tf.mul(randomTensor([2, n, n], 3), 1e6) as tf.Tensor3D;
  const rows = causalSoftmax(scores, { scale: 1 }).arraySync().flat();
  rows.forEach((row, index) => {
    assertEquals(row.slice(index % n + 1), new Array(n - 1 - index % n).fill(0));
    assertFloatsClose([row.reduce((a, b) => a + b, 0)], [1], 1e-6);
  });
});

Deno.test("causalSoftmax() refuses options that do not fit", () => {
  const scores = randomTensor([2, 3, 3], 1) as tf.Tensor3D;
  const refuses = (call: () => unknown, message: string) =>
    assertThrows(call, InputError, `Cannot take a causal softmax: ${message}`);
  refuses(
    () => causalSoftmax(randomTensor([2, 4, 3], 1) as tf.Tensor3D, { scale: 1 }),
    "scores must be [maps, queries, keys >= queries], got [2,4,3]",
  );
  refuses(
    () => causalSoftmax(scores, { scale: 1, slopes: [1] }),
    "slopes must number 2, one per map, got 1",
  );
  refuses(
    () => causalSoftmax(scores, { scale: 1, slopes: [1, 2], keyPositions: Int32Array.of(0) }),
    "keyPositions must number 3, one per key, got 1",
  );
});
