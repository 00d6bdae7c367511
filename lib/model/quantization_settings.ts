import { require } from "../core/mod.ts";
import { exists, type PackedSettings, readJson, readPackedSettings } from "../io/mod.ts";
import type { ConfigReader } from "./config_reader.ts";

/**
 * How the weights of a model folder are quantized, by its config.json or else by the quantize_config.json
 * of older checkpoints of GPTQ; undefined if they are not.
 *
 * @param config Of the same folder.
 * @throws {InputError} As {@linkcode readPackedSettings}.
 */
export async function readQuantization(
  folder: string,
  config: ConfigReader,
): Promise<PackedSettings | undefined> {
  const compression = config.value("compression_config");
  const rule = "compression_config must be absent to be read here";
  require(compression === undefined, `load ${config.path}`, rule, compression);
  const settings = config.value("quantization_config");
  if (settings !== undefined) return readPackedSettings(settings, config.path);
  const older = `${folder}/quantize_config.json`;
  if (!await exists(older)) return undefined;
  return readPackedSettings(await readJson(older), older, "gptq");
}
