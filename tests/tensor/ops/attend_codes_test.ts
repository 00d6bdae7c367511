import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { InputError } from "../../../lib/core/mod.ts";
import {
  attendCodes,
  attendsCodes,
  causalAttention,
  type CausalAttentionOptions,
  holdNumbers,
  tf,
  tidy,
  type TokenCodes,
  useBackend,
} from "../../../lib/tensor/mod.ts";
import { randomFloats } from "../compare.ts";
import { integerPaths } from "../integers.ts";

/** Shapes of few queries to cached tokens. */
interface Case {
  queries: number;
  tokens: number;
  heads: number;
  owners: number;
  headDim: number;
  alibi: boolean;
  slidingWindow?: number;
  log2: boolean;
}

function tokenCodes({ tokens, owners, headDim }: Case, seed: number): TokenCodes {
  const codes = holdNumbers(new Int8Array(), tokens * owners * headDim, "codes");
  codes.values.set(randomFloats(codes.values.length, seed).map((value) => Math.round(40 * value)));
  const scales = holdNumbers(new Float32Array(), tokens * owners, "scales");
  scales.values.set(
    randomFloats(scales.values.length, seed + 1).map((value) => 0.03 + value / 100),
  );
  return { tokens, heads: owners, headDim, codes, scales };
}

/** What the codes stand for, `[tokens, channels]`. */
function dequantized({ tokens, heads, headDim, codes, scales }: TokenCodes): tf.Tensor2D {
  const values = Float32Array.from(
    codes.values,
    (code, i) => code * scales.values[Math.floor(i / headDim)],
  );
  return tf.tensor2d(values, [tokens, heads * headDim]);
}

function optionsOf({ heads, headDim, alibi, slidingWindow, log2 }: Case): CausalAttentionOptions {
  return {
    ...{ heads, batch: 1, scale: 1 / Math.sqrt(headDim), slidingWindow },
    slopes: alibi ? Array.from({ length: heads }, (_, head) => 2 ** -(head + 1)) : undefined,
    log2: log2 ? { bits: 4, profile: "paper", maximum: 1 } : undefined,
    name: "probabilities",
  };
}

/** Both ways of attending; whether they are equal to the last bit. */
function assertEqualWays(shape: Case): void {
  tidy(() => {
    const { queries, heads, headDim } = shape;
    const [keys, values] = [tokenCodes(shape, 1), tokenCodes(shape, 3)];
    const q = tf.tensor2d(randomFloats(queries * heads * headDim, 5), [queries, heads * headDim]);
    const options = optionsOf(shape);
    const fast = attendCodes(q, keys, values, options).dataSync();
    const slow = causalAttention(q, dequantized(keys), dequantized(values), options).output;
    assertEquals(fast, slow.dataSync());
    for (const { codes, scales } of [keys, values]) {
      codes[Symbol.dispose]();
      scales[Symbol.dispose]();
    }
  });
}

const shapes = fc.record({
  queries: fc.integer({ min: 1, max: 3 }),
  more: fc.integer({ min: 0, max: 40 }),
  owners: fc.integer({ min: 1, max: 3 }),
  group: fc.integer({ min: 1, max: 2 }),
  headDim: fc.integer({ min: 1, max: 70 }),
  alibi: fc.boolean(),
  slidingWindow: fc.option(fc.integer({ min: 1, max: 30 }), { nil: undefined }),
  log2: fc.boolean(),
}).map(({ more, group, ...rest }): Case => ({
  ...rest,
  tokens: rest.queries + more,
  heads: group * rest.owners,
}));

for (const [path, choose] of integerPaths) {
  Deno.test(`attendCodes() equals attention to dequantized tokens, bit for bit: ${path}`, async () => {
    await choose();
    fc.assert(fc.property(shapes, assertEqualWays), { numRuns: 60 });
    const common = { queries: 1, heads: 2, owners: 1, alibi: false, log2: false };
    assertEqualWays({ ...common, tokens: 1100, headDim: 64 });
    assertEqualWays({ ...common, tokens: 700, headDim: 300, slidingWindow: 290 });
    await useBackend("agile");
  });
}

Deno.test("attendCodes() refuses to round what is no number", async () => {
  await useBackend("agile");
  const shape = {
    queries: 1,
    tokens: 5,
    heads: 1,
    owners: 1,
    headDim: 4,
    alibi: false,
    log2: true,
  };
  const [keys, values] = [tokenCodes(shape, 1), tokenCodes(shape, 3)];
  keys.scales.values[2] = NaN;
  const before = tf.memory().numTensors;
  assertThrows(
    () => tidy(() => attendCodes(tf.ones([1, 4]), keys, values, optionsOf(shape))),
    InputError,
    "Cannot quantize probabilities: values must be finite, got NaN",
  );
  assertEquals(tf.memory().numTensors, before);
});

Deno.test("attendsCodes() few queries on agile alone", async () => {
  await useBackend("agile");
  const shape = {
    queries: 1,
    tokens: 5,
    heads: 1,
    owners: 1,
    headDim: 4,
    alibi: false,
    log2: false,
  };
  const codes = tokenCodes(shape, 1);
  assert(attendsCodes([1, 4], codes));
  assert(!attendsCodes([17, 4], codes));
  assert(!attendsCodes([1, 4], codes, { normalization: "softpick" }));
  await useBackend("cpu");
  assert(!attendsCodes([1, 4], codes));
  assert(!attendsCodes([1, 4], tokenCodes(shape, 1)));
  await useBackend("agile");
});
