import { assertEquals } from "@std/assert";
import {
  type Architecture,
  moduleShapes,
  parameterKinds,
  parameterShape,
  readArchitecture,
} from "../../lib/model/mod.ts";
import { withFolder } from "../io/temporary_folder.ts";

/** What a configuration of these fields says. */
async function architectureOf(config: Record<string, unknown>): Promise<Architecture> {
  let architecture: Architecture;
  await withFolder(async (folder) => {
    await Deno.writeTextFile(`${folder}/config.json`, JSON.stringify(config));
    ({ architecture } = await readArchitecture(folder));
  });
  return architecture!;
}

const plainQwen2 = {
  model_type: "qwen2",
  hidden_size: 64,
  intermediate_size: 40,
  num_hidden_layers: 2,
  num_attention_heads: 32,
  vocab_size: 50,
};

const ofPlainQwen2: Architecture = {
  family: "qwen2",
  layers: 2,
  hiddenSize: 64,
  embeddingSize: 64,
  intermediateSize: 40,
  heads: 32,
  keyValueHeads: 32,
  headDim: 2,
  vocabularySize: 50,
  maxPositions: 32768,
  norm: "rms",
  normEpsilon: 1e-6,
  normAffine: true,
  normPlacement: "before",
  embeddingNorm: false,
  finalNorm: true,
  activation: "silu",
  gated: true,
  queryKeyValueBias: true,
  outputBias: false,
  mlpBias: false,
  positions: { kind: "rotary", theta: 10000 },
  slidingWindow: null,
  tiedHead: false,
  startToken: null,
  startsEveryWindow: false,
};

// Defaults of the families' configurations in Transformers 5.24.0; a start token only where the file names
// one.
const minimal: [Record<string, unknown>, Architecture][] = [
  [
    {
      model_type: "llama",
      hidden_size: 24,
      intermediate_size: 40,
      num_hidden_layers: 2,
      num_attention_heads: 6,
      vocab_size: 50,
    },
    {
      family: "llama",
      layers: 2,
      hiddenSize: 24,
      embeddingSize: 24,
      intermediateSize: 40,
      heads: 6,
      keyValueHeads: 6,
      headDim: 4,
      vocabularySize: 50,
      maxPositions: 2048,
      norm: "rms",
      normEpsilon: 1e-6,
      normAffine: true,
      slidingWindow: null,
      normPlacement: "before",
      embeddingNorm: false,
      finalNorm: true,
      activation: "silu",
      gated: true,
      queryKeyValueBias: false,
      outputBias: false,
      mlpBias: false,
      positions: { kind: "rotary", theta: 10000 },
      tiedHead: false,
      startToken: null,
      startsEveryWindow: false,
    },
  ],
  [
    {
      model_type: "opt",
      hidden_size: 24,
      ffn_dim: 40,
      num_hidden_layers: 2,
      num_attention_heads: 6,
      vocab_size: 50,
    },
    {
      family: "opt",
      layers: 2,
      hiddenSize: 24,
      embeddingSize: 24,
      intermediateSize: 40,
      heads: 6,
      keyValueHeads: 6,
      headDim: 4,
      vocabularySize: 50,
      maxPositions: 2048,
      norm: "layer",
      normEpsilon: 1e-5,
      normAffine: true,
      slidingWindow: null,
      normPlacement: "before",
      embeddingNorm: false,
      finalNorm: true,
      activation: "relu",
      gated: false,
      queryKeyValueBias: true,
      outputBias: true,
      mlpBias: true,
      positions: { kind: "learned", offset: 2 },
      tiedHead: true,
      startToken: null,
      startsEveryWindow: false,
    },
  ],
  [
    { model_type: "bloom", hidden_size: 24, n_layer: 2, n_head: 6, vocab_size: 50 },
    {
      family: "bloom",
      layers: 2,
      hiddenSize: 24,
      embeddingSize: 24,
      intermediateSize: 96,
      heads: 6,
      keyValueHeads: 6,
      headDim: 4,
      vocabularySize: 50,
      maxPositions: Infinity,
      norm: "layer",
      normEpsilon: 1e-5,
      normAffine: true,
      slidingWindow: null,
      normPlacement: "before",
      embeddingNorm: true,
      finalNorm: true,
      activation: "geluTanh",
      gated: false,
      queryKeyValueBias: true,
      outputBias: true,
      mlpBias: true,
      positions: { kind: "alibi" },
      tiedHead: true,
      startToken: null,
      startsEveryWindow: false,
    },
  ],
  [plainQwen2, ofPlainQwen2],
  [
    { ...plainQwen2, model_type: "mistral" },
    {
      ...ofPlainQwen2,
      family: "mistral",
      keyValueHeads: 8,
      maxPositions: 131072,
      queryKeyValueBias: false,
      slidingWindow: { size: 4096, from: 0 },
    },
  ],
];

for (const [config, architecture] of minimal) {
  Deno.test(`readArchitecture() takes the defaults of Transformers: ${architecture.family}`, async () => {
    assertEquals(await architectureOf(config), architecture);
  });
}

Deno.test("readArchitecture() reads every field that a configuration gives", async () => {
  const [[llama, ofLlama], [opt, ofOpt], [bloom, ofBloom], [qwen2, ofQwen2], [mistral, ofMistral]] =
    minimal;
  const sliding = { ...qwen2, use_sliding_window: true };
  const types = (...names: string[]) => names.map((name) => `${name}_attention`);
  const cases = [
    [{ ...llama, num_key_value_heads: 3 }, ofLlama, { keyValueHeads: 3 }],
    [{ ...llama, head_dim: 8 }, ofLlama, { headDim: 8 }],
    [{ ...llama, max_position_embeddings: 99 }, ofLlama, { maxPositions: 99 }],
    [{ ...llama, rms_norm_eps: 0.5 }, ofLlama, { normEpsilon: 0.5 }],
    [{ ...llama, rope_theta: 7 }, ofLlama, { positions: { kind: "rotary", theta: 7 } }],
    [{ ...llama, attention_bias: true }, ofLlama, { queryKeyValueBias: true, outputBias: true }],
    [{ ...llama, mlp_bias: true }, ofLlama, { mlpBias: true }],
    [{ ...llama, tie_word_embeddings: true }, ofLlama, { tiedHead: true }],
    [{ ...llama, bos_token_id: 0 }, ofLlama, { startToken: 0 }],
    [{ ...opt, word_embed_proj_dim: 16 }, ofOpt, { embeddingSize: 16 }],
    [{ ...opt, max_position_embeddings: 99 }, ofOpt, { maxPositions: 99 }],
    [
      { ...opt, enable_bias: false },
      ofOpt,
      { queryKeyValueBias: false, outputBias: false, mlpBias: false },
    ],
    [{ ...opt, layer_norm_elementwise_affine: false }, ofOpt, { normAffine: false }],
    [{ ...opt, activation_function: "gelu" }, ofOpt, { activation: "gelu" }],
    [{ ...bloom, apply_residual_connection_post_layernorm: true }, ofBloom, {
      normPlacement: "onStream",
    }],
    [{ ...opt, tie_word_embeddings: false }, ofOpt, { tiedHead: false }],
    [{ ...opt, _remove_final_layer_norm: true }, ofOpt, { finalNorm: false }],
    [{ ...bloom, n_inner: 40 }, ofBloom, { intermediateSize: 40 }],
    [{ ...bloom, layer_norm_epsilon: 0.5 }, ofBloom, { normEpsilon: 0.5 }],
    [{ ...bloom, tie_word_embeddings: false }, ofBloom, { tiedHead: false }],
    [{ ...qwen2, num_key_value_heads: null }, ofQwen2, { keyValueHeads: 32 }],
    [{ ...qwen2, head_dim: 6 }, ofQwen2, { headDim: 6 }],
    [{ ...qwen2, sliding_window: 8, max_window_layers: 0 }, ofQwen2, {}],
    [{ ...qwen2, layer_types: types("full", "full") }, ofQwen2, {}],
    [sliding, ofQwen2, {}], // from layer 28 on
    [{ ...sliding, max_window_layers: 1 }, ofQwen2, { slidingWindow: { size: 4096, from: 1 } }],
    [{ ...sliding, max_window_layers: 0, sliding_window: 8 }, ofQwen2, {
      slidingWindow: { size: 8, from: 0 },
    }],
    [{ ...sliding, max_window_layers: 0, sliding_window: null }, ofQwen2, {}],
    [{ ...sliding, sliding_window: 8, layer_types: types("full", "sliding") }, ofQwen2, {
      slidingWindow: { size: 8, from: 1 },
    }],
    [{ ...sliding, layer_types: types("sliding", "sliding") }, ofQwen2, {
      slidingWindow: { size: 4096, from: 0 },
    }],
    [{ ...mistral, sliding_window: null }, ofMistral, { slidingWindow: null }],
    [{ ...mistral, sliding_window: 3 }, ofMistral, { slidingWindow: { size: 3, from: 0 } }],
  ] as const;
  for (const [config, defaults, changes] of cases) {
    assertEquals(await architectureOf(config), { ...defaults, ...changes } as Architecture);
  }
});

Deno.test("readArchitecture() gives opt-350m no final norm, though its file does not remove one", async () => {
  // The fields of facebook/opt-350m that its relatives have other values of.
  const published = {
    ...minimal[1][0],
    do_layer_norm_before: false,
    _remove_final_layer_norm: false,
    word_embed_proj_dim: 16,
  };
  assertEquals(await architectureOf(published), {
    ...minimal[1][1],
    normPlacement: "after",
    finalNorm: false,
    embeddingSize: 16,
  });
});

// The fields of published models that matter, and the parameters that their pages count.
const published: Record<string, [Record<string, unknown>, number, Partial<Architecture>]> = {
  "SmolLM2-135M": [
    {
      ...{ model_type: "llama", hidden_size: 576, intermediate_size: 1536, num_hidden_layers: 30 },
      ...{ num_attention_heads: 9, num_key_value_heads: 3, vocab_size: 49152, rope_theta: 100000 },
      ...{ tie_word_embeddings: true, rope_scaling: null, pretraining_tp: 1 },
    },
    134_515_008,
    { headDim: 64, positions: { kind: "rotary", theta: 100000 } },
  ],
  "TinyLlama-1.1B": [
    {
      ...{ model_type: "llama", hidden_size: 2048, intermediate_size: 5632, num_hidden_layers: 22 },
      ...{ num_attention_heads: 32, num_key_value_heads: 4, vocab_size: 32000 },
    },
    1_100_048_384,
    { headDim: 64, tiedHead: false },
  ],
  "Llama-3.2-1B": [
    {
      ...{ model_type: "llama", hidden_size: 2048, intermediate_size: 8192, num_hidden_layers: 16 },
      ...{ num_attention_heads: 32, num_key_value_heads: 8, head_dim: 64, vocab_size: 128256 },
      ...{ tie_word_embeddings: true, rope_theta: 500000, max_position_embeddings: 131072 },
      rope_scaling: {
        ...{ rope_type: "llama3", factor: 32, low_freq_factor: 1, high_freq_factor: 4 },
        original_max_position_embeddings: 8192,
      },
    },
    1_235_814_400,
    { maxPositions: 262144 },
  ],
  "Qwen2.5-0.5B": [
    {
      ...{ model_type: "qwen2", hidden_size: 896, intermediate_size: 4864, num_hidden_layers: 24 },
      ...{ num_attention_heads: 14, num_key_value_heads: 2, vocab_size: 151936 },
      ...{ tie_word_embeddings: true, rope_theta: 1000000, max_position_embeddings: 32768 },
      ...{ use_sliding_window: false, sliding_window: 32768, max_window_layers: 24 },
    },
    494_032_768,
    { slidingWindow: null },
  ],
  "Mistral-7B-v0.1": [
    {
      ...{ model_type: "mistral", hidden_size: 4096, intermediate_size: 14336 },
      ...{ num_hidden_layers: 32, num_attention_heads: 32, num_key_value_heads: 8 },
      ...{ vocab_size: 32000, sliding_window: 4096, max_position_embeddings: 32768 },
    },
    7_241_732_096,
    { slidingWindow: { size: 4096, from: 0 } },
  ],
  "galactica-125m": [
    {
      ...{ model_type: "opt", hidden_size: 768, ffn_dim: 3072, num_hidden_layers: 12 },
      ...{ num_attention_heads: 12, vocab_size: 50000, activation_function: "gelu" },
      ...{ enable_bias: true, layer_norm_elementwise_affine: true, learned_embeddings: true },
      ...{ max_position_embeddings: 2048, word_embed_proj_dim: 768, scale_embeddings: false },
    },
    125_239_296 - 272 * 768, // those of opt-125m, but for its larger vocabulary
    { activation: "gelu", queryKeyValueBias: true },
  ],
};

for (const [name, [config, parameters, expected]] of Object.entries(published)) {
  Deno.test(`readArchitecture() counts the parameters of ${name}`, async () => {
    const architecture = await architectureOf(config);
    assertEquals({ ...architecture, ...expected }, architecture);
    const sizes = moduleShapes(architecture).flatMap((module) =>
      parameterKinds(module).map((kind) =>
        parameterShape(module, kind).reduce((size, each) => size * each, 1)
      )
    );
    assertEquals(sizes.reduce((sum, size) => sum + size, 0), parameters);
  });
}
