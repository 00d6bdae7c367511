import { require } from "../core/mod.ts";
import type { Architecture, FamilyName } from "./architecture.ts";
import { bloom } from "./bloom.ts";
import type { Config, ConfigReader } from "./config_reader.ts";
import type { Family } from "./family.ts";
import { llama } from "./llama.ts";
import { mistral } from "./mistral.ts";
import { opt } from "./opt.ts";
import { qwen2 } from "./qwen2.ts";

/** Every family this suite computes. */
export const families: Record<FamilyName, Family> = { llama, opt, bloom, qwen2, mistral };

/** Their names. */
export const familyNames = Object.keys(families) as readonly FamilyName[];

/**
 * The family a config.json names.
 * @throws {InputError} If its model_type is another one.
 */
export function familyOf(config: ConfigReader): Family {
  const type = config.value("model_type", null);
  const names = Object.keys(families);
  const known = names.includes(type as string);
  require(known, `load ${config.path}`, `model_type must be ${names.join(", ")}`, type);
  return families[type as FamilyName];
}

/**
 * What a config.json says: what its family reads, and `attention_normalization`, which any may have (of models
 * that were trained with it; Transformers knows no such field and would take softmax).
 *
 * @throws {InputError} If it asks for something that is not computed here.
 */
export function readArchitectureFrom(config: ConfigReader): Architecture {
  const words = ["softmax", "softpick"] as const;
  const attentionNormalization = config.oneOf("attention_normalization", words, "softmax");
  return {
    ...familyOf(config).architecture(config),
    ...attentionNormalization !== "softmax" && { attentionNormalization },
  };
}

/** The config.json that {@linkcode readArchitectureFrom} reads back. */
export function configOf(architecture: Architecture): Config {
  const { family, attentionNormalization } = architecture;
  return {
    ...families[family].config(architecture),
    ...attentionNormalization && { attention_normalization: attentionNormalization },
  };
}
