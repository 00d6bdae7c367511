import { require } from "../core/mod.ts";
import type { Family } from "./family.ts";

/** BLOOM: ALiBi, a norm after the embedding, fused query_key_value, tanh GELU. */
export const bloom: Family = {
  name: "bloom",
  architecture(config) {
    const isOnStream = config.flag("apply_residual_connection_post_layernorm", false);
    // Together they would leave out the biases of the output projections.
    const slices = config.flag("slow_but_exact", false) ? config.count("pretraining_tp", 1) : 1;
    const rule = "pretraining_tp must be 1 where slow_but_exact is true";
    require(slices === 1, `load ${config.path}`, rule, slices);
    const hiddenSize = config.count(["hidden_size", "n_embed"]);
    const heads = config.count(["num_attention_heads", "n_head"]);
    return {
      family: "bloom",
      layers: config.count(["num_hidden_layers", "n_layer"]),
      hiddenSize,
      embeddingSize: hiddenSize,
      intermediateSize: config.optionalCount("n_inner") ?? 4 * hiddenSize,
      heads,
      keyValueHeads: heads,
      headDim: config.headDim(hiddenSize, heads),
      vocabularySize: config.count("vocab_size"),
      maxPositions: Infinity,
      norm: "layer",
      normEpsilon: config.number("layer_norm_epsilon", 1e-5),
      normAffine: true,
      normPlacement: isOnStream ? "onStream" : "before",
      embeddingNorm: true,
      finalNorm: true,
      activation: "geluTanh",
      gated: false,
      queryKeyValueBias: true,
      outputBias: true,
      mlpBias: true,
      positions: { kind: "alibi" },
      slidingWindow: null,
      tiedHead: config.flag("tie_word_embeddings", true),
      startToken: config.token("bos_token_id"),
      startsEveryWindow: config.flag("starts_every_window", false),
    };
  },
  config(a) {
    return {
      architectures: ["BloomForCausalLM"],
      model_type: "bloom",
      apply_residual_connection_post_layernorm: a.normPlacement === "onStream",
      hidden_size: a.hiddenSize,
      n_inner: a.intermediateSize === 4 * a.hiddenSize ? null : a.intermediateSize,
      n_layer: a.layers,
      n_head: a.heads,
      layer_norm_epsilon: a.normEpsilon,
      tie_word_embeddings: a.tiedHead,
      vocab_size: a.vocabularySize,
      bos_token_id: a.startToken,
      starts_every_window: a.startsEveryWindow,
    };
  },
  names: {
    prefixes: ["transformer.", ""],
    outer: {
      embedding: "word_embeddings",
      embeddingNorm: "word_embeddings_layernorm",
      finalNorm: "ln_f",
      head: "lm_head",
    },
    layers: "h.",
    inner: {
      inputNorm: "input_layernorm",
      query: "self_attention.query_key_value",
      key: "self_attention.query_key_value",
      value: "self_attention.query_key_value",
      output: "self_attention.dense",
      mlpNorm: "post_attention_layernorm",
      up: "mlp.dense_h_to_4h",
      down: "mlp.dense_4h_to_h",
    },
  },
};
