import { ConfigReader } from "./config_reader.ts";
import type { Family } from "./family.ts";
import { llama } from "./llama.ts";

/** What MistralConfig of Transformers 5 takes where config.json is silent and LlamaConfig something else. */
const defaults = { num_key_value_heads: 8, max_position_embeddings: 131072 };

/** Mistral: LLaMA whose windows slide in all layers or, from version 0.2 on, in none. */
export const mistral: Family = {
  ...llama,
  name: "mistral",
  architecture(config) {
    config.only("attention_bias", false);
    config.only("mlp_bias", false);
    config.only("layer_types", null); // Transformers reads over them
    const size = config.countOrNull("sliding_window", 4096);
    const stated = { ...defaults, ...config.config, sliding_window: null };
    return {
      ...llama.architecture(new ConfigReader(stated, config.path)),
      family: "mistral",
      slidingWindow: size === null ? null : { size, from: 0 },
    };
  },
  config: (architecture) => ({
    ...llama.config(architecture),
    architectures: ["MistralForCausalLM"],
    model_type: "mistral",
    sliding_window: architecture.slidingWindow?.size ?? null,
  }),
};
