import { require } from "../core/mod.ts";
import type { GgufFile } from "../io/mod.ts";
import { type Config, ConfigReader } from "./config_reader.ts";
import { readGgufRotary } from "./gguf_rotary.ts";

/** What `general.architecture` of a file that is read may be. */
const architectures = ["llama", "qwen2"];

/** Keys of an architecture that are read, here or for its positions, and those that tell nothing. */
const readKeys = [
  ...["embedding_length", "block_count", "feed_forward_length", "context_length"],
  ...["attention.head_count", "attention.head_count_kv", "attention.layer_norm_rms_epsilon"],
  ...["attention.key_length", "attention.value_length", "attention.causal"],
  ...["attention.sliding_window", "tensor_data_layout"],
  ...["rope.dimension_count", "rope.freq_base", "rope.scale_linear", "rope.scaling.type"],
  ...["rope.scaling.factor", "rope.scaling.original_context_length"],
  "rope.scaling.attn_factor",
  ...["vocab_size", "rope.scaling.finetuned", "attention.layer_norm_epsilon"],
];

/**
 * The configuration in the metadata of a GGUF file, as Hugging Face's config.json says it.
 *
 * @throws {InputError} If a key is missing, or asks for something that is not computed here. The message
 *   names it.
 */
export async function readGgufConfig(file: GgufFile): Promise<ConfigReader> {
  const { path, metadata, tensors } = file;
  const keys = new ConfigReader(Object.fromEntries(metadata), path);
  keys.only("general.type", "model");
  const type = keys.value("general.architecture") as string;
  const rule = `${architectures.join(" or ")} to be computed here`;
  keys.check("general.architecture", architectures.includes(type), rule, type);
  const own = keysOf(metadata, `${type}.`, path);
  for (const [key, value] of Object.entries(own.config)) {
    const isUnset = readKeys.includes(key) || value === 0 || value === false;
    own.check(key, isUnset, "absent to be computed here", value);
  }
  own.only("attention.causal", true);
  own.only("tensor_data_layout", "Meta AI original pth");

  const hiddenSize = own.count("embedding_length");
  const heads = own.count("attention.head_count");
  const divides = own.value("attention.key_length") !== undefined || hiddenSize % heads === 0;
  own.check("attention.head_count", divides, `a divisor of ${hiddenSize}`, heads);
  const headDim = own.count("attention.key_length", hiddenSize / heads);
  own.only("attention.value_length", headDim);
  own.only("rope.dimension_count", headDim);

  const embedding = tensors.get("token_embd.weight");
  require(embedding !== undefined, `load ${path}`, "it must have a tensor token_embd.weight");
  const hasBias = (name: string) => tensors.has(`blk.0.${name}.bias`);
  const config: Config = {
    hidden_size: hiddenSize,
    num_hidden_layers: own.count("block_count"),
    intermediate_size: own.count("feed_forward_length"),
    num_attention_heads: heads,
    num_key_value_heads: own.count("attention.head_count_kv", heads),
    head_dim: headDim,
    rms_norm_eps: own.number("attention.layer_norm_rms_epsilon"),
    vocab_size: embedding.shape[0],
    max_position_embeddings: own.count("context_length"),
    rope_parameters: await readGgufRotary(own, file, headDim),
    tie_word_embeddings: !tensors.has("output.weight"),
    mlp_bias: hasBias("ffn_up"),
    bos_token_id: keys.token("tokenizer.ggml.bos_token_id"),
  };
  const window = own.value("attention.sliding_window", 0);
  if (type === "qwen2" || hasBias("attn_q") && !hasBias("attn_output")) {
    own.check("attention.sliding_window", window === 0, "absent to be computed here", window);
    return new ConfigReader({ ...config, model_type: "qwen2" }, path);
  }
  if (window === 0) {
    const attention_bias = hasBias("attn_q");
    return new ConfigReader({ ...config, model_type: "llama", attention_bias }, path);
  }
  const sliding_window = own.count("attention.sliding_window");
  return new ConfigReader({ ...config, model_type: "mistral", sliding_window }, path);
}

/** The keys that begin so, without that. */
function keysOf(metadata: GgufFile["metadata"], prefix: string, path: string): ConfigReader {
  const own = [...metadata].filter(([key]) => key.startsWith(prefix))
    .map(([key, value]) => [key.slice(prefix.length), value]);
  return new ConfigReader(Object.fromEntries(own), path, prefix);
}
