import { type Checkpoint, hubOrigin, isGguf, weightFiles } from "../io/mod.ts";
import type { ConfigReader } from "./config_reader.ts";
import { readArchitectureFrom } from "./families.ts";
import { type Match, matchCheckpoint } from "./match_checkpoint.ts";
import { requireMemory } from "./memory.ts";
import type { DescribedModel } from "./model.ts";
import { openCheckpoint, readConfig, storesCodes } from "./model_files.ts";

/** A model as it lies on the disk, its names and shapes checked; no weight of it is read yet. */
export interface PublishedModel extends Match {
  /** What to call it in tables and messages. */
  readonly name: string;
  readonly checkpoint: Checkpoint;
}

/**
 * Finds the parameters of a model in its files.
 *
 * @param path A folder in Hugging Face layout, or a GGUF file.
 * @throws {InputError} If the configuration is refused as by {@linkcode readArchitecture}, or a tensor is
 *   missing or has another shape than the configuration says. The message names it.
 */
export async function openPublished(path: string): Promise<PublishedModel> {
  const config = await readConfig(path);
  const { name, architecture } = describe(path, config);
  const checkpoint = await openCheckpoint(path, config);
  const match = await matchCheckpoint(checkpoint, architecture, config.path);
  const warnings = [...match.warnings, ...await otherForms(path)];
  return { name, checkpoint, ...match, warnings };
}

/** Says which weights are read of a folder that has them in several forms. */
async function otherForms(path: string): Promise<string[]> {
  const [read, ...others] = await isGguf(path) ? [] : await weightFiles(path);
  if (others.length === 0) return [];
  return [`Of the weights in ${path} those of ${read} are read, and not ${others.join(" or ")}.`];
}

/**
 * What the configuration of a model says, for what has to be known before the weights are loaded.
 *
 * @param path As {@linkcode openPublished}.
 * @returns Also whether its linear maps are integer codes.
 * @throws {InputError} If there is no such folder, or it is not one of a model, or if the configuration
 *   asks for something that is not computed here, or for a block that with the head does not fit the memory of
 *   the backend in use.
 */
export async function readArchitecture(
  path: string,
): Promise<DescribedModel & { storedCodes: boolean }> {
  const config = await readConfig(path);
  return { ...describe(path, config), storedCodes: await storesCodes(path, config) };
}

function describe(path: string, config: ConfigReader): DescribedModel {
  const architecture = readArchitectureFrom(config);
  requireMemory(architecture, `load ${path}`);
  return { name: nameOf(path), architecture };
}

/** What a folder or file is called or, in the cache of the hub, the repository. */
function nameOf(path: string): string {
  return hubOrigin(path)?.repository ?? path.replace(/\/+$|\.gguf$/, "").split("/").pop()!;
}
