import { require } from "../core/mod.ts";
import { decodeMatrix } from "../format/mod.ts";
import type { GgufFile } from "../io/mod.ts";
import type { RotaryScaling } from "./architecture.ts";
import type { Config, ConfigReader } from "./config_reader.ts";
import { rotaryFrequencies } from "./rotary_frequencies.ts";

/** What the frequencies of LLaMA 3 are divided by, as a tensor; the metadata do not say it. */
const factorsName = "rope_freqs.weight";

/** The scaling of LLaMA 3.1 and later ones, which differ in its factor alone. */
const llama3 = {
  type: "llama3",
  originalPositions: 8192,
  lowFrequencyFactor: 1,
  highFrequencyFactor: 4,
} as const;

/**
 * How positions are rotated by a GGUF file, as `rope_parameters` of a config.json.
 *
 * @param own The keys of its architecture, such as `rope.freq_base`.
 * @throws {InputError} If the rotation is one that is not computed here. The message names what asks for it.
 */
export async function readGgufRotary(
  own: ConfigReader,
  file: GgufFile,
  headDim: number,
): Promise<Config> {
  const theta = own.number("rope.freq_base", 10000);
  const scaling = own.oneOf("rope.scaling.type", ["none", "linear", "yarn"], "linear");
  const key = own.value("rope.scaling.factor") ? "rope.scaling.factor" : "rope.scale_linear";
  const factor = scaling === "none" || !own.value(key) ? 1 : own.number(key);
  if (file.tensors.has(factorsName)) {
    own.check(key, factor === 1, `1 beside ${factorsName}`, factor);
    return { rope_theta: theta, ...await readFactors(file, theta, headDim) };
  }
  if (factor === 1) return { rope_type: "default", rope_theta: theta };
  if (scaling === "linear") return { rope_type: "linear", rope_theta: theta, factor };
  const original = "rope.scaling.original_context_length";
  const attention = own.number("rope.scaling.attn_factor", 1);
  return {
    rope_type: "yarn",
    rope_theta: theta,
    factor,
    attention_factor: attention * (factor <= 1 ? 1 : 0.1 * Math.log(factor) + 1),
    original_max_position_embeddings: own.count(own.value(original) ? original : "context_length"),
  };
}

/** The scaling that divides the frequencies by the factors in the file. */
async function readFactors(file: GgufFile, theta: number, headDim: number): Promise<Config> {
  const found = decodeMatrix(await file.readMatrix(factorsName));
  const factor = found.reduce((most, each) => Math.max(most, each));
  if (found.length === headDim / 2 && found.every((each) => each === 1)) return {};
  const frequencies = (scaling?: RotaryScaling) =>
    rotaryFrequencies({ kind: "rotary", theta, scaling }, headDim, 1).frequencies;
  const plain = frequencies();
  const expected = frequencies({ ...llama3, factor }).map((each, pair) => plain[pair] / each);
  const isLlama3 = found.length === expected.length && factor > 0 &&
    expected.every((each, pair) => Math.abs(found[pair] / each - 1) < 1e-5);
  const rule = `${factorsName} must hold the factors of LLaMA 3 to be computed here`;
  require(isLlama3, `load ${file.path}`, rule, found);
  return {
    rope_type: "llama3",
    factor,
    original_max_position_embeddings: llama3.originalPositions,
    low_freq_factor: llama3.lowFrequencyFactor,
    high_freq_factor: llama3.highFrequencyFactor,
  };
}
