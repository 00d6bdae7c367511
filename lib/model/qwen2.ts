import type { SlidingWindow } from "./architecture.ts";
import { ConfigReader } from "./config_reader.ts";
import type { Family } from "./family.ts";
import { llama } from "./llama.ts";

/** What Qwen2Config of Transformers 5 takes where config.json is silent and LlamaConfig something else. */
const defaults = { num_key_value_heads: 32, max_position_embeddings: 32768 };

/** Qwen2 and 2.5: LLaMA with biases of queries, keys and values, and windows that slide in later layers. */
export const qwen2: Family = {
  ...llama,
  name: "qwen2",
  architecture(config) {
    config.only("attention_bias", true);
    config.only("mlp_bias", false);
    const stated = { ...defaults, ...config.config, sliding_window: null };
    return {
      ...llama.architecture(new ConfigReader(stated, config.path)),
      family: "qwen2",
      queryKeyValueBias: true,
      outputBias: false,
      slidingWindow: slidingWindow(config),
    };
  },
  config(architecture) {
    const { slidingWindow } = architecture;
    return {
      ...llama.config(architecture),
      architectures: ["Qwen2ForCausalLM"],
      model_type: "qwen2",
      use_sliding_window: slidingWindow !== null,
      ...slidingWindow && {
        sliding_window: slidingWindow.size,
        max_window_layers: slidingWindow.from,
      },
    };
  },
};

function slidingWindow(config: ConfigReader): SlidingWindow | null {
  const slides = config.flag("use_sliding_window", false);
  const size = slides ? config.countOrNull("sliding_window", 4096) : null;
  const layers = config.count("num_hidden_layers");
  const from = config.value("layer_types") === undefined
    ? firstOf(config)
    : firstOfTypes(config, layers);
  const isListed = config.value("layer_types") !== undefined && from < layers;
  const rule = "full_attention in all layers where use_sliding_window is false";
  config.check("layer_types", size !== null || !isListed, rule, config.value("layer_types"));
  return size !== null && from < layers ? { size, from } : null;
}

function firstOf(config: ConfigReader): number {
  const first = config.value("max_window_layers", 28);
  const isLayer = Number.isSafeInteger(first) && (first as number) >= 0;
  config.check("max_window_layers", isLayer, "an integer of at least 0", first);
  return first as number;
}

/** The first layer that slides by `layer_types`; all behind it must. */
function firstOfTypes(config: ConfigReader, layers: number): number {
  const types = config.value("layer_types");
  const list: unknown[] = Array.isArray(types) ? types : [];
  const first = list.lastIndexOf("full_attention") + 1;
  const fits = list.length === layers &&
    list.every((type, layer) => type === (layer < first ? "full_attention" : "sliding_attention"));
  const rule = `${layers} times full_attention and, from some layer on, sliding_attention`;
  config.check("layer_types", fits, rule, types);
  return first;
}
