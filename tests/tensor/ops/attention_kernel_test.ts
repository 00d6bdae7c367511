import { assert, assertEquals, assertNotEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { InputError, seededRandom } from "../../../lib/core/mod.ts";
import { fakeQuantizeLog2 } from "../../../lib/quant/mod.ts";
import { AgileBackend } from "../../../lib/tensor/agile.ts";
import { fitting, nativeLimits } from "../../../lib/tensor/ops/attention_kernel.ts";
import {
  attendByMaps,
  causalAttention,
  type CausalAttentionOptions,
  type Log2Rounding,
  type OperandSteps,
  tensorData,
  tf,
  tidy,
  useBackend,
} from "../../../lib/tensor/mod.ts";
import { assertFloatsClose, assertFreesMemory, randomFloats } from "../compare.ts";
import {
  attend,
  type AttentionCase,
  cases,
  optionsOf,
  rounding,
  shapesOf,
} from "./attention_cases.ts";

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

const steps: OperandSteps = { query: 0.0123, key: 0.0087, value: 0.031 };
const log2: Log2Rounding = { bits: 4, profile: "released", maximum: 1 };

/** Codes of eight bits less a zero point, in each column times a power of two, as TRIP has them. */
function codesOf([rows, columns]: number[], seed: number): Int32Array {
  const random = seededRandom(seed);
  return Int32Array.from(
    { length: rows * columns },
    (_, i) => random.integer(-120, 135) * 2 ** (i % columns % 4),
  );
}

function tensorsOf(each: AttentionCase): tf.Tensor[] {
  const all = Object.values(steps);
  return shapesOf(each).map((shape, operand) =>
    tf.tensor(Float32Array.from(codesOf(shape, operand), (code) => all[operand] * code), shape)
  );
}

/** The output for codes in float64, by the definition: only what comes of exact sums is rounded, once. */
function attendCodesSlowly(each: AttentionCase, options: CausalAttentionOptions): Float32Array {
  const { batch, keyValueHeads, group, headDim, queries, past } = each;
  const { scale, slopes, keyPositions, slidingWindow = Infinity } = options;
  const [q, k, v] = shapesOf(each).map(codesOf);
  const heads = keyValueHeads * group;
  const keys = queries + past;
  const positionOf = (key: number) => keyPositions?.[key] ?? key;
  const output = new Float32Array(batch * queries * heads * headDim);
  for (let row = 0; row < batch * queries; row++) {
    const [window, last] = [Math.floor(row / queries), row % queries + past];
    for (let head = 0; head < heads; head++) {
      const own = headDim * (row * heads + head);
      const codesAt = (key: number) =>
        headDim * ((window * keys + key) * keyValueHeads + Math.floor(head / group));
      const seen = Array.from({ length: last + 1 }, (_, key) => key)
        .filter((key) => positionOf(last) - positionOf(key) < slidingWindow);
      const logits = seen.map((key) => {
        let sum = 0;
        for (let c = 0; c < headDim; c++) sum += q[own + c] * k[codesAt(key) + c];
        return scale * steps.query * steps.key * sum + (slopes?.[head] ?? 0) * positionOf(key);
      });
      const most = Math.max(...logits);
      const total = logits.reduce((sum, logit) => sum + Math.exp(logit - most), 0);
      const powers = logits.map((logit) => {
        const exponent = Math.round(Math.log2(Math.exp(logit - most) / total));
        return exponent < -15 ? 0 : 2 ** exponent;
      });
      for (let c = 0; c < headDim; c++) {
        const sum = powers.reduce((sum, power, i) => sum + power * v[codesAt(seen[i]) + c], 0);
        output[own + c] = Math.fround(steps.value) * sum;
      }
    }
  }
  return output;
}

const codeCases: AttentionCase[] = [
  { queries: 200, past: 0, alibi: false },
  { queries: 100, past: 300, alibi: true, slidingWindow: 270 },
  { queries: 17, past: 5, alibi: true },
].map((each) => ({ batch: 2, keyValueHeads: 2, group: 2, headDim: 20, ...each }));

Deno.test("computeAttention() multiplies codes without rounding where bfloat16 is fast", async () => {
  await useBackend("agile");
  for (const each of codeCases) {
    tidy(() => {
      const options = { ...optionsOf(each), scale: 0.004, log2 };
      const tensors = tensorsOf(each);
      const { output, startToken } = attend(tensors, { ...options, steps });
      const values = tensorData(output);
      const expected = attendCodesSlowly(each, options);
      // Where a logarithm is next to a half, float32 may round it the other way.
      const strange = values.filter((value, i) => value !== expected[i]).length;
      const exact = (tf.backend() as AgileBackend).multipliesBfloats;
      assert(
        !exact || strange < 0.005 * values.length,
        `${strange} of ${values.length} are rounded`,
      );
      const floats = attend(tensors, options);
      assertFloatsClose(values, tensorData(floats.output), 1e-6);
      assertEquals(tensorData(startToken), tensorData(floats.startToken));
    });
  }
});

Deno.test("computeAttention() multiplies floats where they are no multiples of the steps", async () => {
  await useBackend("agile");
  tidy(() => {
    const options = { ...optionsOf(codeCases[0]), scale: 0.004, log2 };
    const tensors = tensorsOf(codeCases[0]);
    const expected = tensorData(attend(tensors, options).output);
    for (const operand of ["query", "key", "value"] as const) {
      const others = { ...steps, [operand]: 1.01 * steps[operand] };
      assertEquals(tensorData(attend(tensors, { ...options, steps: others }).output), expected);
    }
  });
});

Deno.test("computeAttention() of softpick does not multiply codes as bfloat16", async () => {
  await useBackend("agile");
  tidy(() => {
    const each = { ...codeCases[0], normalization: "softpick" as const };
    const options = { ...optionsOf(each), scale: 0.004, log2 };
    const [tensors, expected] = [tensorsOf(each), tensorsOf(each)]
      .map((operands, index) => attend(operands, index === 0 ? { ...options, steps } : options))
      .map(({ output }) => tensorData(output));
    assertEquals(tensors, expected);
    const softmax = attend(tensorsOf(each), { ...options, normalization: "softmax" });
    assertNotEquals(tensorData(softmax.output), expected);
  });
});

Deno.test("fitting() leaves room for the scores of any number of keys", () => {
  for (let keys = 1; keys <= 2 ** 16; keys++) {
    const stride = (keys + 31) & ~15 | 16; // as assembly/attention.ts has it
    const queries = fitting(nativeLimits, { keys });
    assert(queries * stride <= nativeLimits.scores, `${queries} queries of ${keys} keys`);
  }
});
