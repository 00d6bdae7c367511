import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { InputError } from "../../lib/core/mod.ts";
import {
  type CachePrecision,
  extend,
  forward,
  loadModel,
  logits,
  type OpenModel,
  openModel,
  type SiteHook,
  startCache,
} from "../../lib/model/mod.ts";
import {
  dequantizeUniform,
  fakeQuantizeLog2,
  fakeQuantizeUniform,
  quantizeUniform,
  uniformGrid,
} from "../../lib/quant/mod.ts";
import { freeBytes, tensorData, tf, tidy, useBackend } from "../../lib/tensor/mod.ts";
import { assertFloatsClose } from "../tensor/compare.ts";
import {
  type ConfigurationName,
  configurations,
  withConfiguration,
} from "./golden_configurations.ts";
import { families, randomIds, tinyArchitectures, withRandomModel } from "./tiny_models.ts";
import { logitsOf } from "./with_reference.ts";

const golden = new URL("../golden/hf/", import.meta.url).pathname;

/** Eight bits at every site, 4-bit log2 probabilities, with ranges that do not depend on the value. */
const quantize: SiteHook = (value, { site }) => {
  const range = { min: Float32Array.of(-6), max: Float32Array.of(7), inner: 1 };
  const values = tensorData(value);
  const quantized = site === "attn.probs"
    ? fakeQuantizeLog2(values, { bits: 4, profile: "released" })
    : fakeQuantizeUniform(values, uniformGrid(range, { bits: 8 }));
  return tf.tensor(quantized, value.shape);
};

/** What an eight-bit cache does to keys and values: a symmetric grid for each head of each token. */
function roundLikeCache({ architecture: { headDim } }: OpenModel): SiteHook {
  return (value, { site }) => {
    if (site !== "attn.k" && site !== "attn.v") return value;
    const { codes, params } = quantizeUniform(tensorData(value), {
      bits: 8,
      signed: true,
      profile: "released",
      granularity: "channel",
      channels: value.size / headDim,
      inner: headDim,
    });
    return tf.tensor(dequantizeUniform(codes, params), value.shape);
  };
}

/** The logits of a window that runs through a cache in pieces. */
function logitsInPieces(
  model: OpenModel,
  ids: Int32Array,
  ends: number[],
  { hook, precision }: { hook?: SiteHook; precision?: CachePrecision } = {},
): Float32Array {
  const scores: number[] = [];
  let cache = startCache(model, precision);
  for (const end of ends) {
    const next = extend(model, cache, ids.slice(cache.length, end), { hook });
    tidy(() => scores.push(...tensorData(logits(model, next.hidden))));
    next.hidden.dispose();
    cache = next.cache;
  }
  assertEquals(cache.length, ids.length);
  return Float32Array.from(scores);
}

/** Ends of consecutive pieces of a window of that many tokens. */
const pieces = (tokens: number) =>
  fc.uniqueArray(fc.integer({ min: 1, max: tokens - 1 }), { maxLength: 12 })
    .map((cuts) => [...cuts.sort((a, b) => a - b), tokens]);

/** The end of every token. */
const singly = (tokens: number) => Array.from({ length: tokens }, (_, index) => index + 1);

/** A golden model as it is, or with softpick in the place of softmax. */
async function withGolden(name: string, test: (model: OpenModel) => void): Promise<void> {
  const [folder, softpick] = name.split(" with ");
  const loaded = await loadModel(golden + folder);
  const attentionNormalization = softpick && "softpick" as const;
  const architecture = { ...loaded.architecture, ...softpick && { attentionNormalization } };
  using model = await openModel({ ...loaded, architecture } as typeof loaded);
  test(model);
}

const goldens = ["llama", "opt-pre", "bloom", "mistral-sliding-window", "bloom with softpick"];

for (const name of goldens) {
  Deno.test(`extend() in any pieces equals forward(), bit for bit: ${name}`, async () => {
    await useBackend("agile", { native: false });
    await withGolden(name, (model) => {
      const ids = randomIds(40);
      for (const hook of [undefined, quantize]) {
        const whole = logitsOf(model, ids, hook);
        assertEquals(logitsInPieces(model, ids, singly(40), { hook }), whole);
        fc.assert(
          fc.property(pieces(40), (ends) => {
            assertEquals(logitsInPieces(model, ids, ends, { hook }), whole);
          }),
          { seed: 5, numRuns: 8 },
        );
      }
    });
    await useBackend("agile");
  });

  Deno.test(`extend() of an int8 cache rounds keys and values and nothing else: ${name}`, async () => {
    await useBackend("agile", { native: false });
    await withGolden(name, (model) => {
      const ids = randomIds(40);
      const hook = roundLikeCache(model);
      const whole = logitsOf(model, ids, hook);
      for (const ends of [[40], [13, 14, 31, 40], singly(40)]) {
        assertEquals(logitsInPieces(model, ids, ends, { precision: "int8" }), whole);
      }
    });
    await useBackend("agile");
  });
}

for (const name of Object.keys(configurations) as ConfigurationName[]) {
  Deno.test(`extend() decodes as the official code does: ${name}`, () =>
    withConfiguration(name, (model, { ids, first, decoded }) => {
      const ends = [first, ...singly(ids.length).slice(first)];
      assertFloatsClose(logitsInPieces(model, ids, ends), decoded, 1e-5);
    }));
}

for (const [name, architecture] of Object.entries(tinyArchitectures)) {
  Deno.test(`extend() equals forward() on the fastest product: ${name}`, async () => {
    await withRandomModel(architecture, (model) => {
      const ids = randomIds(40);
      const whole = logitsOf(model, ids);
      fc.assert(
        fc.property(pieces(40), (ends) => {
          assertFloatsClose(logitsInPieces(model, ids, ends), whole, 1e-5);
        }),
        { seed: 7, numRuns: 5 },
      );
    });
  });
}

Deno.test("extend() leaves the cache as it was: several windows may go on from it", async () => {
  await withRandomModel(families.llama, (model) => {
    tidy(() => {
      const { cache } = extend(model, startCache(model), randomIds(12));
      const continuations = [1, 2, 3].map((seed) => {
        const ids = randomIds(9, seed);
        return { ids, ...extend(model, cache, ids.slice(0, 5)) };
      });
      assertEquals(cache.length, 12);
      for (const { ids, cache } of continuations) {
        const actual = tensorData(extend(model, cache, ids.slice(5)).hidden);
        const whole = forward(model, Int32Array.of(...randomIds(12), ...ids)).hidden;
        assertFloatsClose(actual, tensorData(tf.slice(whole, [17, 0])), 1e-5);
      }
    });
  });
});

Deno.test("extend() visits the sites that forward() does, attn.probs with all keys", async () => {
  for (const architecture of Object.values(families)) {
    await withRandomModel(architecture, (model) => {
      tidy(() => {
        const visits = (run: (hook: SiteHook) => unknown) => {
          const seen: [string, number, number[]][] = [];
          run((value, { site, layer }) => (seen.push([site, layer, value.shape]), value));
          return seen;
        };
        const { cache } = extend(model, startCache(model), randomIds(7));
        const whole = visits((hook) => forward(model, randomIds(3), { hook }));
        const part = visits((hook) => extend(model, cache, randomIds(3), { hook }));
        assertEquals(
          part,
          whole.map(([site, layer, shape]) => [
            site,
            layer,
            site === "attn.probs" ? [6, 3, 10] : shape,
          ]),
        );
      });
    });
  }
});

Deno.test("extend() keeps no tensors but what it returns", async () => {
  for (const precision of ["float32", "int8"] as const) {
    await withRandomModel(families.opt, (model) => {
      const before = tf.memory();
      let cache = startCache(model, precision);
      for (const id of randomIds(20)) {
        const next = extend(model, cache, Int32Array.of(id));
        assertEquals(tf.memory().numTensors, before.numTensors + 1);
        next.hidden.dispose();
        cache = next.cache;
      }
      assertEquals(tf.memory().numBytes, before.numBytes);
    });
  }
});

Deno.test("Cache gives its memory back with the last of those that share it", async () => {
  for (const precision of ["float32", "int8"] as const) {
    await withRandomModel(families.llama, (model) => {
      tidy(() => {
        const start = startCache(model, precision);
        const opening = extend(model, start, randomIds(2)); // brings parameters into the memory
        opening.hidden.dispose();
        opening.cache[Symbol.dispose]();
        const free = freeBytes();
        const { hidden: begun, cache } = extend(model, start, randomIds(12));
        const [one, other] = [1, 2].map((seed) => extend(model, cache, randomIds(3, seed)));
        cache[Symbol.dispose]();
        one.cache[Symbol.dispose]();
        const { hidden, cache: last } = extend(model, other.cache, randomIds(2));
        other.cache[Symbol.dispose]();
        last[Symbol.dispose]();
        tf.dispose([begun, hidden, one.hidden, other.hidden]);
        assertEquals(freeBytes(), free);
        start[Symbol.dispose]();
        assert(freeBytes() > free);
      });
    });
  }
});

Deno.test("extend() keeps nothing of a step that fails", async () => {
  await withRandomModel(families.opt, (model) => {
    using start = startCache(model, "int8");
    const whole = extend(model, start, randomIds(3)); // opens what is lazy
    whole.hidden.dispose();
    whole.cache[Symbol.dispose]();
    const strange: SiteHook = (value, { site, layer }) =>
      site === "attn.v" && layer === 1 ? tf.fill(value.shape, NaN) : value;
    const free = freeBytes();
    assertThrows(
      () => extend(model, start, randomIds(3), { hook: strange }),
      InputError,
      "Cannot quantize cached values of layer 1: element 0 must be finite, got NaN",
    );
    assertEquals(freeBytes(), free);
  });
});

Deno.test("extend() refuses what does not fit the window", async () => {
  await withRandomModel(families.opt, (model) => {
    tidy(() => {
      const { cache } = extend(model, startCache(model), randomIds(60));
      assertEquals(extend(model, cache, randomIds(4)).cache.length, 64);
      const refused = (ids: Int32Array, message: string) =>
        assertThrows(() => extend(model, cache, ids), InputError, message);
      refused(randomIds(5), "Cannot run the model: a window must have 1..64 tokens, got 65");
      refused(Int32Array.of(50), "Cannot run the model: token ids must be 0..49, got 50");
      refused(Int32Array.of(), "Cannot extend a cache: there must be at least one token");
    });
  });
});
