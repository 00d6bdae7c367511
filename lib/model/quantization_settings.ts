import { require } from "../core/mod.ts";
import { exists, type PackedSettings, readJson, readPackedSettings } from "../io/mod.ts";
import type { ConfigReader } from "./config_reader.ts";

/** Where checkpoints of a method say how they are quantized, if config.json does not. */
const olderFiles = [["quantize_config.json", "gptq"], ["quant_config.json", "awq"]] as const;

/**
 * How the weights of a model folder are quantized, by its config.json or else by the file that older
 * checkpoints have beside it; undefined if they are not.
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
  for (const [name, method] of olderFiles) {
    const path = `${folder}/${name}`;
    if (await exists(path)) return readPackedSettings(await readJson(path), path, method);
  }
  return undefined;
}
