import { require } from "../core/mod.ts";
import { exists, readJson } from "../io/mod.ts";

/**
 * The tokens that end a text: what a model's config.json and, where there is one, its
 * generation_config.json have as `eos_token_id`, one or several.
 *
 * @param folder A model in Hugging Face layout.
 * @returns None where neither names any.
 * @throws {InputError} If a file cannot be read or the field is no token id or list of them.
 */
export async function loadEndTokens(folder: string): Promise<Set<number>> {
  const ids = await readEndTokens(`${folder}/config.json`);
  const generation = `${folder}/generation_config.json`;
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
