import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { InputError, seededRandom } from "../../../lib/core/mod.ts";
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
import {
  assertAgileMatchesCpu,
  assertFloatsClose,
  assertSameGradients,
  randomFloats,
  randomInput,
} from "../compare.ts";

interface Case {
  batch: number;
  keyValueHeads: number;
  group: number;
  headDim: number;
  queries: number;
  past: number;
  alibi: boolean;
}

const cases: fc.Arbitrary<Case> = fc.record({
  batch: fc.integer({ min: 1, max: 2 }),
  keyValueHeads: fc.integer({ min: 1, max: 3 }),
  group: fc.integer({ min: 1, max: 3 }),
  headDim: fc.integer({ min: 1, max: 20 }),
  queries: fc.oneof(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 46, max: 60 })),
  past: fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 30 }), fc.constant(270)),
  alibi: fc.boolean(),
});

const rounding: fc.Arbitrary<Log2Rounding> = fc.record({
  bits: fc.integer({ min: 2, max: 8 }),
  profile: fc.constantFrom("paper" as const, "released" as const),
  maximum: fc.constantFrom(1, 0.75),
});

function shapesOf({ batch, keyValueHeads, group, headDim, queries, past }: Case): number[][] {
  const keys = [batch * (queries + past), keyValueHeads * headDim];
  return [[batch * queries, keyValueHeads * group * headDim], keys, keys];
}

function optionsOf(
  { batch, keyValueHeads, group, queries, past, alibi }: Case,
): CausalAttentionOptions {
  const heads = keyValueHeads * group;
  return {
    ...{ batch, heads, scale: 0.6 },
    ...alibi && {
      slopes: Array.from({ length: heads }, (_, head) => 0.5 ** (head + 1)),
      keyPositions: Int32Array.from({ length: queries + past }, (_, key) => 2 * key),
    },
  };
}

function attend(tensors: tf.Tensor[], options: CausalAttentionOptions) {
  const [q, k, v] = tensors as tf.Tensor2D[];
  return causalAttention(q, k, v, options);
}

Deno.test("causalAttention() is its composition", async () => {
  await fc.assert(
    fc.asyncProperty(cases, (each) =>
      assertAgileMatchesCpu(
        shapesOf(each).map((shape, seed) => randomInput(shape, seed)),
        (...tensors) => Object.values(attend(tensors, optionsOf(each))),
      )),
    { seed: 1, numRuns: 30 },
  );
});

Deno.test("causalAttention() has the gradients of its composition", async () => {
  await fc.assert(
    fc.asyncProperty(cases, (each) =>
      assertSameGradients(
        shapesOf(each).map((shape, seed) => randomInput(shape, seed)),
        (...tensors) => attend(tensors, optionsOf(each)).output,
      )),
    { seed: 2, numRuns: 8 },
  );
});

Deno.test("causalAttention() rounds as its composition where the scores are exact", async () => {
  const small = (shape: number[], seed: number) => {
    const random = seededRandom(seed);
    const values = Float32Array.from(
      { length: tf.util.sizeFromShape(shape) },
      () => random.integer(-2, 2),
    );
    return { shape, values };
  };
  await fc.assert(
    fc.asyncProperty(cases, rounding, (each, log2) =>
      assertAgileMatchesCpu(
        shapesOf(each).map(small),
        (...tensors) => Object.values(attend(tensors, { ...optionsOf(each), scale: 0.25, log2 })),
      )),
    { seed: 3, numRuns: 20 },
  );
});

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

Deno.test("causalAttention() without a native library is attention by maps, bit for bit", async () => {
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

Deno.test("causalAttention() on a native library is attention by maps", async () => {
  await useBackend("agile");
  for (const [queries, past] of [[300, 0], [260, 50], [1, 700]]) {
    tidy(() => {
      const each = {
        batch: 2,
        keyValueHeads: 2,
        group: 2,
        headDim: 24,
        queries,
        past,
        alibi: true,
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

Deno.test("causalAttention() refuses to round NaN, and frees its memory then", async () => {
  const log2: Log2Rounding = { bits: 4, profile: "released", maximum: 1 };
  for (const native of [true, false]) {
    await useBackend("agile", { native });
    tidy(() => {
      const values = randomFloats(30, 1);
      values[17] = NaN;
      const q = tf.tensor2d(values, [5, 6]);
      const before = tf.memory().numDataBuffers;
      assertThrows(
        () => causalAttention(q, q, q, { heads: 2, scale: 1, log2, name: "attn.probs of layer 3" }),
        InputError,
        "Cannot quantize attn.probs of layer 3: values must be finite, got NaN",
      );
      assertEquals(tf.memory().numDataBuffers, before);
    });
  }
  await useBackend("agile");
});

Deno.test("causalAttention() refuses what does not fit", () => {
  tidy(() => {
    const matrix = (rows: number, columns: number) => tf.zeros<tf.Rank.R2>([rows, columns]);
    const refuses = (message: string, q: number[], k: number[], options = {}) =>
      assertThrows(
        () =>
          causalAttention(matrix(q[0], q[1]), matrix(k[0], k[1]), matrix(k[0], k[1]), {
            heads: 4,
            scale: 1,
            ...options,
          }),
        InputError,
        `Cannot attend: ${message}`,
      );
    const rule = "q must be [1 * queries, 4 * headDim], k and v [1 * keys, heads * headDim] " +
      "with no fewer keys and a divisor of the heads, got";
    refuses(`${rule} [[3,10],[3,10],[3,10]]`, [3, 10], [3, 10]);
    refuses(`${rule} [[3,8],[2,8],[2,8]]`, [3, 8], [2, 8]);
    refuses(`${rule} [[3,8],[3,6],[3,6]]`, [3, 8], [3, 6]);
    refuses("slopes must number 4, one per head, got 1", [3, 8], [3, 8], { slopes: [1] });
    const keyPositions = Int32Array.of(0);
    refuses("keyPositions must number 3, one per key, got 1", [3, 8], [3, 8], { keyPositions });
  });
});
