import { require } from "../core/mod.ts";
import type { Family } from "./family.ts";
import { readRotaryPositions, writeRotaryPositions } from "./rotary_config.ts";

/** LLaMA: RMS norm, rotary positions, gated SiLU, grouped-query attention. */
export const llama: Family = {
  name: "llama",
  architecture(config) {
    config.only("hidden_act", "silu", "swish");
    config.only("sliding_window", null);
    const hiddenSize = config.count("hidden_size");
    const heads = config.count("num_attention_heads");
    const keyValueHeads = config.optionalCount("num_key_value_heads") ?? heads;
    require(
      heads % keyValueHeads === 0,
      `load ${config.path}`,
      `num_key_value_heads must divide num_attention_heads ${heads}`,
      keyValueHeads,
    );
    const headDim = config.optionalCount("head_dim") ?? config.headDim(hiddenSize, heads);
    const attentionBias = config.flag("attention_bias", false);
    return {
      family: "llama",
      layers: config.count("num_hidden_layers"),
      hiddenSize,
      embeddingSize: hiddenSize,
      intermediateSize: config.count("intermediate_size"),
      heads,
      keyValueHeads,
      headDim,
      vocabularySize: config.count("vocab_size"),
      ...readRotaryPositions(config, headDim, 2048),
      norm: "rms",
      normEpsilon: config.number("rms_norm_eps", 1e-6),
      normAffine: true,
      normPlacement: "before",
      embeddingNorm: false,
      finalNorm: true,
      activation: "silu",
      gated: true,
      queryKeyValueBias: attentionBias,
      outputBias: attentionBias,
      mlpBias: config.flag("mlp_bias", false),
      slidingWindow: null,
      tiedHead: config.flag("tie_word_embeddings", false),
      startToken: config.token("bos_token_id"),
      startsEveryWindow: config.flag("starts_every_window", false),
    };
  },
  config(a) {
    return {
      architectures: ["LlamaForCausalLM"],
      model_type: "llama",
      hidden_act: "silu",
      hidden_size: a.hiddenSize,
      intermediate_size: a.intermediateSize,
      num_hidden_layers: a.layers,
      num_attention_heads: a.heads,
      num_key_value_heads: a.keyValueHeads,
      head_dim: a.headDim,
      ...writeRotaryPositions(a),
      rms_norm_eps: a.normEpsilon,
      attention_bias: a.queryKeyValueBias,
      mlp_bias: a.mlpBias,
      tie_word_embeddings: a.tiedHead,
      vocab_size: a.vocabularySize,
      bos_token_id: a.startToken,
      starts_every_window: a.startsEveryWindow,
    };
  },
  names: {
    prefixes: ["model.", ""],
    outer: { embedding: "embed_tokens", finalNorm: "norm", head: "lm_head" },
    layers: "layers.",
    inner: {
      inputNorm: "input_layernorm",
      query: "self_attn.q_proj",
      key: "self_attn.k_proj",
      value: "self_attn.v_proj",
      output: "self_attn.o_proj",
      mlpNorm: "post_attention_layernorm",
      gate: "mlp.gate_proj",
      up: "mlp.up_proj",
      down: "mlp.down_proj",
    },
    unused: /(^|\.)rotary_emb\.inv_freq$/, // follows from theta
  },
};
