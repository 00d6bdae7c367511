import { assertEquals, assertRejects } from "@std/assert";
import { InputError } from "../../lib/core/mod.ts";
import { readGgufConfig } from "../../lib/model/gguf_config.ts";
import type { SampleValue } from "../../tools/fuzz/gguf_bytes.ts";
import { floats, sampleGgufMetadata } from "../../tools/fuzz/gguf_samples.ts";
import { type GgufChanges, withGguf } from "./gguf_sample.ts";

/** The configuration of the sample, changed so. */
async function configOf(changes: GgufChanges = {}) {
  let config: Record<string, unknown> = {};
  await withGguf(changes, async (_, file) => {
    config = (await readGgufConfig(file)).config;
  });
  return config;
}

function refuses(metadata: Record<string, SampleValue | undefined>, rule: string, more = {}) {
  return withGguf({ metadata, ...more }, async (path, file) => {
    await assertRejects(() => readGgufConfig(file), InputError, `Cannot load ${path}: ${rule}`);
  });
}

const epsilon = Math.fround(1e-5);

Deno.test("readGgufConfig() says what config.json would", async () => {
  assertEquals(await configOf(), {
    model_type: "llama",
    hidden_size: 32,
    num_hidden_layers: 1,
    intermediate_size: 32,
    num_attention_heads: 2,
    num_key_value_heads: 1,
    head_dim: 16,
    rms_norm_eps: epsilon,
    vocab_size: 8,
    max_position_embeddings: 64,
    rope_parameters: { rope_type: "default", rope_theta: 50000 },
    tie_word_embeddings: true,
    attention_bias: false,
    mlp_bias: false,
    bos_token_id: 1,
  });
});

Deno.test("readGgufConfig() takes what is not there as llama.cpp does", async () => {
  const config = await configOf({
    metadata: {
      "llama.attention.head_count_kv": undefined,
      "llama.rope.freq_base": undefined,
      "llama.rope.dimension_count": undefined,
      "tokenizer.ggml.bos_token_id": undefined,
      "llama.expert_count": ["u32", 0],
      "llama.use_parallel_residual": ["bool", false],
    },
    tensors: [floats("output.weight", [8, 32])],
  });
  const { num_key_value_heads, rope_parameters, tie_word_embeddings, bos_token_id } = config;
  assertEquals([num_key_value_heads, tie_word_embeddings, bos_token_id], [2, false, null]);
  assertEquals(rope_parameters, { rope_type: "default", rope_theta: 10000 });
});

Deno.test("readGgufConfig() knows Qwen2, and LLaMA with the same biases or with all", async () => {
  const bias = (module: string, length = 32) => floats(`blk.0.${module}.bias`, [length]);
  const some = [bias("attn_q"), bias("attn_k", 16), bias("attn_v", 16)];
  const typeOf = async (changes: GgufChanges) => {
    const { model_type, attention_bias, mlp_bias } = await configOf(changes);
    return [model_type, attention_bias, mlp_bias];
  };
  assertEquals(await typeOf({ tensors: some }), ["qwen2", undefined, false]);
  const all = [...some, bias("attn_output"), bias("ffn_up")];
  assertEquals(await typeOf({ tensors: all }), ["llama", true, true]);
  const qwen2 = Object.fromEntries(
    Object.entries(sampleGgufMetadata)
      .flatMap(([key, value]) => [[key, undefined], [key.replace(/^llama/, "qwen2"), value]]),
  );
  const metadata = { ...qwen2, "general.architecture": ["string", "qwen2"] as SampleValue };
  assertEquals(await typeOf({ metadata }), ["qwen2", undefined, false]);
});

Deno.test("readGgufConfig() honours a window that slides", async () => {
  const config = await configOf({ metadata: { "llama.attention.sliding_window": ["u32", 24] } });
  assertEquals([config.model_type, config.sliding_window], ["mistral", 24]);
});

Deno.test("readGgufConfig() takes the width of heads that the keys say", async () => {
  const metadata: Record<string, SampleValue> = {
    "llama.attention.key_length": ["u32", 8],
    "llama.attention.value_length": ["u32", 8],
    "llama.rope.dimension_count": ["u32", 8],
  };
  assertEquals((await configOf({ metadata })).head_dim, 8);
  await refuses(
    { ...metadata, "llama.attention.value_length": ["u32", 16] },
    "llama.attention.value_length must be 8 to be computed here, got 16",
  );
});

Deno.test("readGgufConfig() refuses by its key what is not computed here", async () => {
  await refuses(
    { "general.architecture": ["string", "gemma2"] },
    'general.architecture must be llama or qwen2 to be computed here, got "gemma2"',
  );
  await refuses({ "general.architecture": undefined }, "general.architecture must be llama or");
  await refuses({ "general.type": ["string", "adapter"] }, 'general.type must be "model" to be');
  const key = (name: string, value: SampleValue, rule: string) =>
    refuses({ [`llama.${name}`]: value }, `llama.${name} must be ${rule}`);
  await key("expert_count", ["u32", 8], "absent to be computed here, got 8");
  await key("logit_scale", ["f32", 0.5], "absent to be computed here, got 0.5");
  await key("rope.scaling.yarn_beta_fast", ["f32", 8], "absent to be computed here, got 8");
  await key("attention.causal", ["bool", false], "true to be computed here, got false");
  await key("rope.dimension_count", ["u32", 8], "16 to be computed here, got 8");
  await key("tensor_data_layout", ["string", "other"], '"Meta AI original pth" to be');
  await key("attention.head_count", ["u32", 5], "a divisor of 32, got 5");
  await key("feed_forward_length", ["u32[]", [32, 64]], "a positive integer, got [32,64]");
});

Deno.test("readGgufConfig() refuses a key that is missing or no number, and a file without weights", async () => {
  const missing = "llama.block_count must be a positive integer, got null";
  await refuses({ "llama.block_count": undefined }, missing);
  const text = 'llama.embedding_length must be a positive integer, got "32"';
  await refuses({ "llama.embedding_length": ["string", "32"] }, text);
  await refuses(
    { "llama.attention.layer_norm_rms_epsilon": ["f32", NaN] },
    "llama.attention.layer",
  );
  const without = { without: ["token_embd.weight"] };
  await refuses({}, "it must have a tensor token_embd.weight", without);
});
