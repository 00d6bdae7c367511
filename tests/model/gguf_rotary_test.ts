import { assertAlmostEquals, assertEquals, assertRejects } from "@std/assert";
import { InputError } from "../../lib/core/mod.ts";
import { ConfigReader } from "../../lib/model/config_reader.ts";
import { readGgufRotary } from "../../lib/model/gguf_rotary.ts";
import type { SampleTensor } from "../../tools/fuzz/gguf_bytes.ts";
import { withGguf } from "./gguf_sample.ts";

/** The factors that llama.cpp's converter writes for LLaMA 3 with heads of 16 and theta 50000. */
function llama3Factors(factor: number): number[] {
  return Array.from({ length: 8 }, (_, pair) => {
    const wavelength = 2 * Math.PI * 50000 ** (2 * pair / 16);
    if (wavelength < 8192 / 4) return 1;
    if (wavelength > 8192) return factor;
    const smooth = (8192 / wavelength - 1) / 3;
    return 1 / ((1 - smooth) / factor + smooth);
  });
}

function factorTensor(factors: number[]): SampleTensor {
  const data = new Uint8Array(Float32Array.from(factors).buffer);
  return { name: "rope_freqs.weight", type: 0, shape: [factors.length], data };
}

/** What the sample with these keys and factors says of its rotation. */
async function rotary(keys: Record<string, unknown>, factors?: number[]) {
  let found: Record<string, unknown> = {};
  const own = Object.entries({ freq_base: 50000, ...keys })
    .map(([key, value]): [string, unknown] => [`rope.${key}`, value]);
  own.push(["context_length", 64]);
  const tensors = factors ? [factorTensor(factors)] : [];
  await withGguf({ tensors }, async (path, file) => {
    const reader = new ConfigReader(Object.fromEntries(own), path, "llama.");
    found = await readGgufRotary(reader, file, 16);
  });
  return found;
}

const theta = { rope_theta: 50000 };

Deno.test("readGgufRotary() reads how angles are scaled", async () => {
  assertEquals(await rotary({ "scaling.factor": 4 }), {
    ...{ rope_type: "linear", ...theta, factor: 4 },
  });
  assertEquals((await rotary({ scale_linear: 2 })).factor, 2);
  const plain = { rope_type: "default", ...theta };
  assertEquals(await rotary({ "scaling.type": "none", "scaling.factor": 4 }), plain);
  assertEquals(await rotary({ "scaling.type": "linear" }), plain);
  const yarn = await rotary({
    "scaling.type": "yarn",
    "scaling.factor": 4,
    "scaling.original_context_length": 16,
    "scaling.attn_factor": 0.5,
  });
  assertAlmostEquals(yarn.attention_factor as number, 0.5 * (0.1 * Math.log(4) + 1), 1e-12);
  assertEquals({ ...yarn, attention_factor: 0 }, {
    ...{ rope_type: "yarn", ...theta, factor: 4, attention_factor: 0 },
    original_max_position_embeddings: 16,
  });
  const whole = await rotary({ "scaling.type": "yarn", "scaling.factor": 4 });
  assertEquals(whole.original_max_position_embeddings, 64);
});

Deno.test("readGgufRotary() finds LLaMA 3's scaling in the factors of the file", async () => {
  assertEquals(await rotary({}, llama3Factors(32)), {
    ...{ rope_type: "llama3", ...theta, factor: 32, original_max_position_embeddings: 8192 },
    ...{ low_freq_factor: 1, high_freq_factor: 4 },
  });
  assertEquals(await rotary({}, llama3Factors(1)), theta);
});

Deno.test("readGgufRotary() refuses scaling that is not computed here, by its key or tensor", async () => {
  const refused = (keys: Record<string, unknown>, rule: string, factors?: number[]) =>
    assertRejects(() => rotary(keys, factors), InputError, rule);
  await refused(
    { "scaling.type": "longrope" },
    'llama.rope.scaling.type must be "none" or "linear" or "yarn" to be computed here',
  );
  const tensor = "rope_freqs.weight must hold the factors of LLaMA 3 to be computed here";
  const factors = llama3Factors(8);
  await refused({}, tensor, factors.with(4, 1.5));
  await refused({}, tensor, factors.slice(1));
  const both = "llama.rope.scaling.factor must be 1 beside rope_freqs.weight, got 4";
  await refused({ "scaling.factor": 4 }, both, factors);
});
