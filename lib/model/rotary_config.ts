import { canonicalJson, require } from "../core/mod.ts";
import { isObject } from "../io/mod.ts";
import type { PositionEncoding, RotaryScaling } from "./architecture.ts";
import type { Config, ConfigReader } from "./config_reader.ts";

/** How positions are rotated, and how long windows may be. */
export interface RotaryPositions {
  positions: PositionEncoding & { kind: "rotary" };
  maxPositions: number;
}

/** What Transformers takes where `beta_fast` and `beta_slow` say nothing, or 0. */
const betaDefaults = { beta_fast: 32, beta_slow: 1 };

/** The fields of each type of scaling, besides those that every type may have. */
const fieldsOf = {
  default: [],
  linear: ["factor"],
  dynamic: ["factor"],
  llama3: [
    ...["factor", "original_max_position_embeddings"],
    ...["low_freq_factor", "high_freq_factor"],
  ],
  yarn: [
    ...["factor", "original_max_position_embeddings", "beta_fast", "beta_slow", "truncate"],
    ...["attention_factor", "mscale", "mscale_all_dim"],
    "finetuned", // tells of a training alone
  ],
};
const commonFields = ["rope_type", "type", "rope_theta", "partial_rotary_factor"];

/**
 * Reads how positions are rotated: from `rope_parameters` (Transformers 5) or `rope_scaling` (4), and from
 * `rope_theta` beside them unless they have their own.
 *
 * @param longest `max_position_embeddings` where the file has none.
 * @throws {InputError} If the rotation is one that is not computed here, or two fields contradict each other.
 */
export function readRotaryPositions(
  config: ConfigReader,
  headDim: number,
  longest: number,
): RotaryPositions {
  require(headDim % 2 === 0, `load ${config.path}`, "head_dim must be even", headDim);
  config.only("partial_rotary_factor", 1);
  const stated = config.count("max_position_embeddings", longest);
  const settings = rotarySettings(config);
  const theta = (settings.value("rope_theta") === undefined ? config : settings)
    .number("rope_theta", 10000);
  const scaling = readScaling(config, settings, headDim, stated);
  if (!scaling) return { positions: { kind: "rotary", theta }, maxPositions: stated };
  const reached = Math.floor(scaling.factor * scaling.originalPositions);
  return {
    positions: { kind: "rotary", theta, scaling },
    maxPositions: Math.max(stated, reached),
  };
}

/** The fields that {@linkcode readRotaryPositions} reads. */
export function writeRotaryPositions(
  { positions, maxPositions }: { positions: PositionEncoding; maxPositions: number },
): Config {
  if (positions.kind !== "rotary") return { max_position_embeddings: maxPositions };
  const { theta, scaling } = positions;
  if (!scaling) return { max_position_embeddings: maxPositions, rope_theta: theta };
  const { type, factor, originalPositions } = scaling;
  const fields: Config = { rope_type: type, rope_theta: theta, factor };
  const statesOriginal = type === "llama3" || type === "yarn";
  if (statesOriginal) fields.original_max_position_embeddings = originalPositions;
  if (type === "llama3") {
    fields.low_freq_factor = scaling.lowFrequencyFactor;
    fields.high_freq_factor = scaling.highFrequencyFactor;
  }
  if (type === "yarn") {
    fields.beta_fast = scaling.betaFast;
    fields.beta_slow = scaling.betaSlow;
    fields.truncate = scaling.truncate;
    fields.attention_factor = scaling.attentionFactor;
  }
  return {
    max_position_embeddings: statesOriginal ? maxPositions : originalPositions,
    rope_parameters: fields,
  };
}

/** The object that says how positions are rotated, under either of its names. */
function rotarySettings(config: ConfigReader): ConfigReader {
  const action = `load ${config.path}`;
  const given = ["rope_parameters", "rope_scaling"]
    .filter((name) => config.value(name) !== undefined);
  for (const name of given) {
    const value = config.value(name);
    require(isObject(value), action, `${name} must be a JSON object`, value);
  }
  const [first = "rope_parameters", other = first] = given;
  const [left, right] = [first, other].map((name) => config.value(name, {}));
  const agree = canonicalJson(left) === canonicalJson(right);
  require(agree, action, `${other} must be equal to ${first}`, right);
  return config.within(first);
}

function readScaling(
  config: ConfigReader,
  settings: ConfigReader,
  headDim: number,
  stated: number,
): RotaryScaling | undefined {
  settings.only("partial_rotary_factor", 1);
  const type = settings.oneOf(["rope_type", "type"], Object.keys(fieldsOf), "default");
  settings.noOthers([...commonFields, ...fieldsOf[type as keyof typeof fieldsOf]]);
  const optional = (name: string) =>
    settings.value(name) === undefined ? undefined : settings.number(name);
  const originalPositions = () =>
    config.optionalCount("original_max_position_embeddings") ??
      settings.optionalCount("original_max_position_embeddings") ?? stated;
  switch (type) {
    case "linear":
      return { type, factor: settings.number("factor"), originalPositions: stated };
    case "dynamic":
      settings.check("factor", headDim > 2, "absent where head_dim is 2", settings.value("factor"));
      return { type, factor: settings.number("factor"), originalPositions: stated };
    case "llama3": {
      const lowFrequencyFactor = settings.number("low_freq_factor");
      const highFrequencyFactor = settings.number("high_freq_factor");
      const rule = `above low_freq_factor, ${lowFrequencyFactor}`;
      const isAbove = highFrequencyFactor > lowFrequencyFactor;
      settings.check("high_freq_factor", isAbove, rule, highFrequencyFactor);
      return {
        type,
        factor: settings.number("factor"),
        originalPositions: originalPositions(),
        lowFrequencyFactor,
        highFrequencyFactor,
      };
    }
    case "yarn": {
      const original = originalPositions();
      const factor = optional("factor") ?? stated / original;
      const [betaFast, betaSlow] = (["beta_fast", "beta_slow"] as const)
        .map((name) => settings.value(name) === 0 ? undefined : optional(name))
        .map((beta, index) => beta ?? Object.values(betaDefaults)[index]);
      settings.check(
        "beta_fast",
        betaFast >= betaSlow,
        `at least beta_slow, ${betaSlow}`,
        betaFast,
      );
      return {
        type,
        factor,
        originalPositions: original,
        betaFast,
        betaSlow,
        truncate: settings.flag("truncate", true),
        attentionFactor: optional("attention_factor") ?? inferredAttentionFactor(settings, factor),
      };
    }
  }
}

/** The attention factor of YaRN where none is given: that of the paper, or the quotient of two such. */
function inferredAttentionFactor(settings: ConfigReader, factor: number): number {
  const [own, all] = ["mscale", "mscale_all_dim"].map((name) =>
    (settings.value(name) ?? 0) === 0 ? undefined : settings.number(name)
  );
  const scale = (weight = 1) => factor <= 1 ? 1 : 0.1 * weight * Math.log(factor) + 1;
  return own !== undefined && all !== undefined ? scale(own) / scale(all) : scale();
}
