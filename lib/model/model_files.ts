import { type Checkpoint, openShards, packedCheckpoint, requireModelFolder } from "../io/mod.ts";
import { ConfigReader } from "./config_reader.ts";
import { readQuantization } from "./quantization_settings.ts";

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
  const settings = await readQuantization(path, config);
  const checkpoint = await openShards(path);
  return settings ? packedCheckpoint(checkpoint, settings) : checkpoint;
}
