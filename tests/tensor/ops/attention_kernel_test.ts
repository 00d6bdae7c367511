import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { InputError } from "../../../lib/core/mod.ts";
import { fakeQuantizeLog2 } from "../../../lib/quant/mod.ts";
import {
  attendByMaps,
  causalAttention,
  type CausalAttentionOptions,
  type Log2Rounding,
  tensorData,
  tf,
  tidy,
  useBackend,
} from "../../../lib/tensor/mod.ts";
import { assertFloatsClose, assertFreesMemory, randomFloats } from "../compare.ts";
import { attend, cases, optionsOf, rounding, shapesOf } from "./attention_cases.ts";

/** Attention whose maps exist, rounded by the definition. */
function attendSlowly(tensors: tf.Tensor[], options: CausalAttentionOptions) {
  const [q, k, v] = tensors as tf.Tensor2D[];
  const starts: number[] = [];
  const output = attendByMaps(q, k, v, options, (maps) => {
    const probabilities = tensorData(maps);
    const rounded = options.log2 ? fakeQuantizeLog2(probabilities, options.log2) : probabilities;
    for (let row = 0; row < rounded.length; row += maps.shape[2]) starts.push(rounded[row]);
    return tf.tensor3d(rounded.slice(), maps.shape);
  });
  return { output, startToken: Float32Array.from(starts) };
}

Deno.test("computeAttention() without a native library is attention by maps, bit for bit", async () => {
  await useBackend("agile", { native: false });
  fc.assert(
    fc.property(cases, fc.option(rounding, { nil: undefined }), (each, log2) =>
      tidy(() => {
        const tensors = shapesOf(each).map((shape, seed) =>
          tf.tensor(randomFloats(shape[0] * shape[1], seed), shape)
        );
        const options = { ...optionsOf(each), log2 };
        const { output, startToken } = attend(tensors, options);
        const expected = attendSlowly(tensors, options);
        assertEquals(tensorData(startToken), expected.startToken);
        assertEquals(tensorData(output), tensorData(expected.output));
      })),
    { seed: 4, numRuns: 100 },
  );
  await useBackend("agile");
});

Deno.test("computeAttention() on a native library is attention by maps", async () => {
  await useBackend("agile");
  for (const [queries, past] of [[300, 0], [260, 50], [1, 700], [100, 500]]) {
    tidy(() => {
      const each = {
        batch: 2,
        keyValueHeads: 2,
        group: 2,
        headDim: 24,
        queries,
        past,
        alibi: true,
        slidingWindow: past ? 280 : undefined,
      };
      const tensors = shapesOf(each).map((shape, seed) =>
        tf.tensor(randomFloats(shape[0] * shape[1], seed), shape)
      );
      const { output, startToken } = attend(tensors, optionsOf(each));
      const expected = attendSlowly(tensors, optionsOf(each));
      assertFloatsClose(tensorData(startToken), expected.startToken, 1e-6);
      assertFloatsClose(tensorData(output), tensorData(expected.output), 1e-6);
    });
  }
});

Deno.test("computeAttention() gives the first key nothing from queries whose window has left it", async () => {
  for (const native of [true, false]) {
    await useBackend("agile", { native });
    tidy(() => {
      const q = tf.tensor2d(randomFloats(700 * 8, 1), [700, 8]);
      for (const slidingWindow of [20, 33, 65, 300]) { // key 256 begins a block of 64, and of 96
        const { startToken } = causalAttention(q, q, q, { heads: 2, scale: 1, slidingWindow });
        tensorData(startToken).forEach((probability, row) =>
          assertEquals(probability > 0, row % 700 < slidingWindow, `query ${row % 700}`)
        );
      }
    });
  }
  await useBackend("agile");
});

Deno.test("computeAttention() refuses to round NaN, and frees its memory then", async () => {
  const log2: Log2Rounding = { bits: 4, profile: "released", maximum: 1 };
  for (const native of [true, false]) {
    await useBackend("agile", { native });
    tidy(() => {
      const values = randomFloats(30, 1);
      values[17] = NaN;
      const q = tf.tensor2d(values, [5, 6]);
      const options = { heads: 2, scale: 1, log2, name: "attn.probs of layer 3" };
      assertFreesMemory(() =>
        assertThrows(
          () => causalAttention(q, q, q, options),
          InputError,
          "Cannot quantize attn.probs of layer 3: values must be finite, got NaN",
        )
      );
    });
  }
  await useBackend("agile");
});
