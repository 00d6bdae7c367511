import { require } from "../core/mod.ts";
import { exists, ggufEndTokens, isGguf, readGgufHeader, readJson } from "../io/mod.ts";

/**
 * The tokens that end a text: what a model's config.json and, where there is one, its
 * generation_config.json have as `eos_token_id`, one or several; or those of a GGUF file's metadata.
 *
 * @param path A model in Hugging Face layout or a GGUF file.
 * @returns None where neither names any.
 * @throws {InputError} If a file cannot be read or the field is no token id or list of them.
 */
export async function loadEndTokens(path: string): Promise<Set<number>> {
  if (await isGguf(path)) return ggufEndTokens((await readGgufHeader(path)).metadata, path);
  const ids = await readEndTokens(`${path}/config.json`);
  const generation = `${path}/generation_config.json`;
  const others = await exists(generation) ? await readEndTokens(generation) : [];
  return new Set([...ids, ...others]);
}

async function readEndTokens(path: string): Promise<number[]> {
  const config = await readJson(path) as { eos_token_id?: unknown } | null;
  const ids = [config?.eos_token_id ?? []].flat() as number[];
  const strange = ids.find((id) => !Number.isInteger(id) || id < 0);
  const rule = "eos_token_id must be a token id or a list of them";
  require(strange === undefined, `load ${path}`, rule, strange);
  return ids;
}
