import {
  type Checkpoint,
  isGguf,
  openGguf,
  openShards,
  packedCheckpoint,
  requireModelFolder,
  tokenizerFiles,
} from "../io/mod.ts";
import { ConfigReader } from "./config_reader.ts";
import { GgufCheckpoint } from "./gguf_checkpoint.ts";
import { readGgufConfig } from "./gguf_config.ts";
import { readQuantization } from "./quantization_settings.ts";

/**
 * The configuration of a model: config.json of a folder in Hugging Face layout, or the metadata of a GGUF
 * file, told by its name.
 *
 * @throws {InputError} If there is no such folder or file, or it is not one of a model.
 */
export async function readConfig(path: string): Promise<ConfigReader> {
  if (await isGguf(path)) return await readGgufConfig(await openGguf(path));
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
  if (await isGguf(path)) return new GgufCheckpoint(await openGguf(path), config);
  const settings = await readQuantization(path, config);
  const checkpoint = await openShards(path);
  return settings ? packedCheckpoint(checkpoint, settings) : checkpoint;
}

/** Whether the linear maps of a model are integer codes on grids, by its configuration. */
export async function storesCodes(path: string, config: ConfigReader): Promise<boolean> {
  return !await isGguf(path) && await readQuantization(path, config) !== undefined;
}

/** The files that say how to run a model and how it reads a text, the first its configuration. */
export async function settingFiles(path: string): Promise<string[]> {
  const tokenizer = await tokenizerFiles(path);
  return await isGguf(path) ? tokenizer : [`${path}/config.json`, ...tokenizer];
}
