import { assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { InputError, seededRandom } from "../../lib/core/mod.ts";
import {
  blockGradients,
  lossGradient,
  openOuter,
  runBlock,
  traceBlock,
} from "../../lib/model/mod.ts";
import { tensorData, tf, tidy } from "../../lib/tensor/mod.ts";
import { randomIds, withModel } from "../eval/tiny_models.ts";

const tokens = 6;

function normals(seed: number, channels: number): tf.Tensor2D {
  const random = seededRandom(seed);
  return tf.tensor2d(Float32Array.from({ length: tokens * channels }, () => random.normal()), [
    tokens,
    channels,
  ]);
}

/** Asserts that the fast gradient says how a sum of products with `slope` changes along `change`. */
function assertSlope(
  run: (hidden: tf.Tensor2D) => tf.Tensor2D,
  at: tf.Tensor2D,
  gradient: tf.Tensor2D,
  slope: tf.Tensor2D,
): void {
  const change = normals(9, at.shape[1]);
  const step = 1e-3;
  const sum = (sign: number) => {
    const moved = run(tf.add(at, tf.mul(change, sign * step)));
    return tensorData(tf.mul(moved, slope)).reduce((total, each) => total + each, 0);
  };
  const expected = (sum(1) - sum(-1)) / (2 * step);
  const found = tensorData(tf.mul(gradient, change)).reduce((total, each) => total + each, 0);
  assertAlmostEquals(found / expected, 1, 0.05);
}

for (const name of ["llama", "opt-pre", "bloom"] as const) {
  Deno.test(`blockGradients() is how a block answers to what it reads: ${name}`, () =>
    withModel(name, async ({ architecture, source }) => {
      using block = traceBlock(await source.layer(1), 1);
      tidy(() => {
        const hidden = normals(1, architecture.hiddenSize);
        const slope = normals(2, architecture.hiddenSize);
        const state = {
          hidden,
          positions: Int32Array.from({ length: tokens }, (_, i) => i),
          batch: 1,
        };
        const found = blockGradients(architecture, block, state, slope, ["down", "gate"]);
        const expected = architecture.gated ? ["down", "gate"] : ["down"];
        assertEquals([...found.weights.keys()], expected);
        assertEquals(found.weights.get("down")!.shape, block.weights.get("down")!.shape);
        const run = (each: tf.Tensor2D) =>
          runBlock(architecture, block, { ...state, hidden: each }).state.hidden;
        assertSlope(run, hidden, found.hidden, slope);
      });
    }));
}

Deno.test("traceBlock() computes what blockOf() does, and frees all with the block", () =>
  withModel("llama", async ({ source }) => {
    const layer = await source.layer(0);
    const before = tf.memory().numTensors;
    {
      using block = traceBlock(layer, 0);
      assertEquals(block.weights.get("query")!.shape, [layer.query!.weight.rows, 64]);
    }
    assertEquals(tf.memory().numTensors, before);
  }));

Deno.test("lossGradient() is that of all tokens, however many are looked at together", () =>
  withModel("llama", ({ architecture, source }) => {
    using outer = openOuter(source.outer);
    tidy(() => {
      const hidden = normals(3, architecture.hiddenSize);
      const window = randomIds(tokens, 4);
      const whole = lossGradient({ architecture, outer }, hidden, window);
      for (const together of [1, 2, 5]) {
        const parts = lossGradient({ architecture, outer }, hidden, window, together);
        tensorData(parts).forEach((each, i) =>
          assertAlmostEquals(each, tensorData(whole)[i], 1e-7)
        );
      }
      const last = tensorData(whole).slice(-architecture.hiddenSize);
      assertEquals(last, new Float32Array(architecture.hiddenSize));
      assertEquals(tensorData(whole).some((each) => each !== 0), true);
      assertThrows(
        () => lossGradient({ architecture, outer }, hidden, randomIds(1, 1)),
        InputError,
        "Cannot take gradients: a window must have at least 2 tokens, got 1",
      );
    });
  }));
