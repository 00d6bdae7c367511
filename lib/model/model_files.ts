import { type Checkpoint, openShards, requireModelFolder } from "../io/mod.ts";
import { require } from "../core/mod.ts";
import { ConfigReader } from "./config_reader.ts";

/**
 * The configuration of a model: config.json of a folder in Hugging Face layout.
 *
 * @throws {InputError} If there is no such folder, or it is not one of a model.
 */
export async function readConfig(path: string): Promise<ConfigReader> {
  await requireModelFolder(path);
  return await ConfigReader.open(`${path}/config.json`);
}

/**
 * The weights of a model, in whatever form they are stored.
 *
 * @param config Of the same model.
 * @throws {InputError} If there are none, or in a form that is not read here.
 */
export async function openCheckpoint(path: string, config: ConfigReader): Promise<Checkpoint> {
  const settings = config.value(["quantization_config", "compression_config"]);
  const rule = "it must not have quantization_config: quantized checkpoints are not read yet";
  require(settings === undefined, `load ${config.path}`, rule, settings);
  return await openShards(path);
}
