import { canonicalJson, require } from "../core/mod.ts";
import { isObject } from "../io/mod.ts";
import { type Config, ConfigReader } from "./config_reader.ts";
import type { Family } from "./family.ts";

/** LLaMA 1-3 without rope scaling: RMS norm, rotary positions, gated SiLU, grouped-query attention. */
export const llama: Family = {
  name: "llama",
  architecture(config) {
    config.only("hidden_act", "silu", "swish");
    config.only("sliding_window", null);
    config.only("partial_rotary_factor", 1);
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
    require(headDim % 2 === 0, `load ${config.path}`, "head_dim must be even", headDim);
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
      maxPositions: config.count("max_position_embeddings", 2048),
      norm: "rms",
      normEpsilon: config.number("rms_norm_eps", 1e-6),
      normPlacement: "before",
      embeddingNorm: false,
      finalNorm: true,
      activation: "silu",
      gated: true,
      attentionBias: config.flag("attention_bias", false),
      mlpBias: config.flag("mlp_bias", false),
      positions: { kind: "rotary", theta: rotaryTheta(config) },
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
      max_position_embeddings: a.maxPositions,
      rms_norm_eps: a.normEpsilon,
      rope_theta: a.positions.kind === "rotary" ? a.positions.theta : 10000,
      attention_bias: a.attentionBias,
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

/**
 * The base of the rotary angles: what `rope_parameters` (or `rope_scaling`, its older name) says, else
 * `rope_theta`. Transformers 5 chooses alike; of the two names it takes one, here they must agree.
 */
function rotaryTheta(config: ConfigReader): number {
  const action = `load ${config.path}`;
  const names = ["rope_parameters", "rope_scaling"];
  const given = names.map((name) => config.value(name)).filter((value) => value !== undefined);
  for (const settings of given) {
    const rule = `${names.join(" and ")} must be absent or of type default`;
    require(isDefaultRotary(settings), action, rule, settings);
  }
  const [settings = {}, other = settings] = given as Config[];
  const agree = canonicalJson(settings) === canonicalJson(other);
  require(agree, action, `rope_scaling must be equal to rope_parameters`, other);
  const source = settings.rope_theta === undefined
    ? config
    : new ConfigReader(settings, config.path);
  return source.number("rope_theta", 10000);
}

/** Whether every channel of a head is rotated, by angles that are not scaled, in all layers alike. */
function isDefaultRotary(settings: unknown): boolean {
  if (!isObject(settings)) return false;
  const { rope_type = "default", type = "default", partial_rotary_factor = 1 } = settings;
  return rope_type === "default" && type === "default" && partial_rotary_factor === 1 &&
    !Object.values(settings).some(isObject);
}
