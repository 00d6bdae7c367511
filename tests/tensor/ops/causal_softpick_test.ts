import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { InputError } from "../../../lib/core/mod.ts";
import { causalSoftpick, tensorData, tf, useBackend } from "../../../lib/tensor/mod.ts";
import {
  assertFloatsClose,
  assertSameGradients,
  randomFloats,
  randomInput,
  randomTensor,
} from "../compare.ts";
import { slidingWindows } from "./attention_cases.ts";

const shapes = fc.record({
  maps: fc.integer({ min: 1, max: 3 }),
  queries: fc.integer({ min: 1, max: 19 }),
  past: fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 19 })),
  alibi: fc.boolean(),
  slidingWindow: slidingWindows,
});

Deno.test("causalSoftpick() has the value and gradient of its composition", async () => {
  await fc.assert(
    fc.asyncProperty(shapes, ({ maps, queries, past, alibi, slidingWindow }) => {
      const keys = past + queries;
      const slopes = alibi ? Array.from({ length: maps }, (_, map) => 0.5 ** map) : undefined;
      const keyPositions = alibi ? Int32Array.from({ length: keys }, (_, j) => 2 * j) : undefined;
      const options = { scale: 0.7, slopes, keyPositions, slidingWindow };
      return assertSameGradients(
        [randomInput([maps, queries, keys], 1)],
        (scores) => causalSoftpick(scores as tf.Tensor3D, options),
        1e-4, // of rows whose logits are all near 0
      );
    }),
    { seed: 13, numRuns: 30 },
  );
});

/** One row by the definition, in float64. */
function softpickSlowly(x: readonly number[]): number[] {
  const moved = x.map((each) => Math.exp(each) - 1);
  const total = moved.reduce((sum, each) => sum + Math.abs(each), 1e-8);
  return moved.map((each) => Math.max(0, each) / total);
}

Deno.test("causalSoftpick() equals the definition in float64, ALiBi counted from the query", async () => {
  await useBackend("agile");
  const n = 11;
  const [scale, slope] = [0.3, 0.25];
  const scores = randomFloats(n * n, 2);
  for (const slidingWindow of [undefined, 1, 4, 10, 11]) {
    const options = { scale, slopes: [slope], slidingWindow };
    const actual = tensorData(causalSoftpick(tf.tensor3d(scores, [1, n, n]), options));
    const expected = new Float64Array(n * n);
    for (let i = 0; i < n; i++) {
      const first = Math.max(0, i + 1 - (slidingWindow ?? n));
      const logits = Array.from(
        { length: i + 1 - first },
        (_, j) => scale * scores[i * n + first + j] + slope * (first + j - i),
      );
      expected.set(softpickSlowly(logits), i * n + first);
    }
    assertFloatsClose(actual, expected, 1e-6);
  }
});

Deno.test("causalSoftpick() has the gradient that differences of the definition say", async () => {
  await useBackend("agile");
  const n = 7;
  const [scores, dy] = [randomFloats(n * n, 5), randomFloats(n * n, 6)];
  const loss = (values: ArrayLike<number>) => {
    let sum = 0;
    for (let i = 0; i < n; i++) {
      const row = Array.from({ length: i + 1 }, (_, j) => 0.8 * values[i * n + j]);
      softpickSlowly(row).forEach((share, j) => sum += dy[i * n + j] * share);
    }
    return sum;
  };
  const step = 1e-5;
  const expected = Array.from(scores, (value, at) => {
    const [above, below] = [step, -step].map((move) =>
      loss(Array.from(scores).with(at, value + move))
    );
    return (above - below) / (2 * step);
  });
  const gradient = tf.grad((x) => causalSoftpick(x as tf.Tensor3D, { scale: 0.8 }))(
    tf.tensor3d(scores, [1, n, n]),
    tf.tensor3d(dy, [1, n, n]),
  );
  assertFloatsClose(tensorData(gradient), expected, 1e-5);
});

Deno.test("causalSoftpick() of the last queries is the end of the whole map, bit for bit", async () => {
  await useBackend("agile");
  const [maps, keys] = [3, 14];
  const options = { scale: 0.3, slopes: [0.5, 0.25, 0.125], slidingWindow: 9 };
  const scores = randomTensor([maps, keys, keys], 4) as tf.Tensor3D;
  const whole = causalSoftpick(scores, options);
  for (let queries = 1; queries <= keys; queries++) {
    const last = (value: tf.Tensor3D) => tf.slice(value, [0, keys - queries, 0]);
    assertEquals(tensorData(causalSoftpick(last(scores), options)), tensorData(last(whole)));
  }
});

Deno.test("causalSoftpick() survives huge logits of both signs, and gives zeros where none is above 0", async () => {
  await useBackend("agile");
  const row = (values: number[]) => {
    const scores = tf.tensor3d(values, [1, 1, values.length]);
    const value = tensorData(causalSoftpick(scores, { scale: 1 }));
    const gradient = tf.grad((x) => causalSoftpick(x as tf.Tensor3D, { scale: 1 }))(
      scores,
      tf.tensor3d([1, 2, 3, 4, 5].slice(0, values.length), scores.shape),
    );
    assert(tensorData(gradient).every(Number.isFinite), `gradient of ${values}`);
    return [...value];
  };
  assertEquals(row([1e6, -1e6, 3]), [1, 0, 0]);
  assertEquals(row([300, 300, -300, 0]), [0.5, 0.5, 0, 0]);
  assertEquals(row([-1e6, -200, -1]), [0, 0, 0]);
  assertEquals(row([0, 0, 0, 0, 0]), [0, 0, 0, 0, 0]);
});

Deno.test("causalSoftpick() refuses options that do not fit", () => {
  const refuses = (shape: [number, number, number], options: object, message: string) =>
    assertThrows(
      () => causalSoftpick(randomTensor(shape, 1) as tf.Tensor3D, { scale: 1, ...options }),
      InputError,
      `Cannot take a causal softpick: ${message}`,
    );
  refuses([2, 4, 3], {}, "scores must be [maps, queries, keys >= queries], got [2,4,3]");
  refuses([2, 3, 3], { slopes: [1] }, "slopes must number 2, one per map, got 1");
});
