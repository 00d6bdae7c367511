import { assertEquals } from "@std/assert";
import { type Architecture, readArchitecture } from "../../lib/model/mod.ts";
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

// Defaults of LlamaConfig, OPTConfig and BloomConfig in Transformers 5.24.0; a start token only where the
// file names one.
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
];

for (const [config, architecture] of minimal) {
  Deno.test(`readArchitecture() takes the defaults of Transformers: ${architecture.family}`, async () => {
    assertEquals(await architectureOf(config), architecture);
  });
}

Deno.test("readArchitecture() reads every field that a configuration gives", async () => {
  const [[llama, ofLlama], [opt, ofOpt], [bloom, ofBloom]] = minimal;
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
