import type { Family } from "./family.ts";

/**
 * OPT: learned positions with two unused rows, ReLU; opt-350m has post-norm and projections, Galactica GELU
 * and no biases.
 */
export const opt: Family = {
  name: "opt",
  architecture(config) {
    const hiddenSize = config.count("hidden_size");
    const heads = config.count("num_attention_heads");
    const normBefore = config.flag("do_layer_norm_before", true);
    const bias = config.flag("enable_bias", true);
    return {
      family: "opt",
      layers: config.count("num_hidden_layers"),
      hiddenSize,
      embeddingSize: config.optionalCount("word_embed_proj_dim") ?? hiddenSize,
      intermediateSize: config.count("ffn_dim"),
      heads,
      keyValueHeads: heads,
      headDim: config.headDim(hiddenSize, heads),
      vocabularySize: config.count("vocab_size"),
      maxPositions: config.count("max_position_embeddings", 2048),
      norm: "layer",
      normEpsilon: 1e-5, // fixed in the architecture, not in the configuration
      normAffine: config.flag("layer_norm_elementwise_affine", true),
      normPlacement: normBefore ? "before" : "after",
      embeddingNorm: false,
      finalNorm: normBefore && !config.flag("_remove_final_layer_norm", false),
      activation: config.oneOf("activation_function", ["relu", "gelu"], "relu"),
      gated: false,
      queryKeyValueBias: bias,
      outputBias: bias,
      mlpBias: bias,
      positions: { kind: "learned", offset: 2 },
      slidingWindow: null,
      tiedHead: config.flag("tie_word_embeddings", true),
      startToken: config.token("bos_token_id"),
      startsEveryWindow: config.flag("starts_every_window", false),
    };
  },
  config(a) {
    return {
      architectures: ["OPTForCausalLM"],
      model_type: "opt",
      activation_function: a.activation,
      do_layer_norm_before: a.normPlacement === "before",
      _remove_final_layer_norm: !a.finalNorm,
      enable_bias: a.mlpBias,
      layer_norm_elementwise_affine: a.normAffine,
      hidden_size: a.hiddenSize,
      word_embed_proj_dim: a.embeddingSize,
      ffn_dim: a.intermediateSize,
      num_hidden_layers: a.layers,
      num_attention_heads: a.heads,
      max_position_embeddings: a.maxPositions,
      tie_word_embeddings: a.tiedHead,
      vocab_size: a.vocabularySize,
      bos_token_id: a.startToken,
      starts_every_window: a.startsEveryWindow,
    };
  },
  names: {
    prefixes: ["model.decoder.", "decoder.", ""],
    outer: {
      embedding: "embed_tokens",
      positionEmbedding: "embed_positions",
      projectIn: "project_in",
      projectOut: "project_out",
      finalNorm: "final_layer_norm",
      head: "lm_head",
    },
    layers: "layers.",
    inner: {
      inputNorm: "self_attn_layer_norm",
      query: "self_attn.q_proj",
      key: "self_attn.k_proj",
      value: "self_attn.v_proj",
      output: "self_attn.out_proj",
      mlpNorm: "final_layer_norm",
      up: "fc1",
      down: "fc2",
    },
    unused: /(^|\.)decoder\.version$/, // of the program that trained the model
  },
};
