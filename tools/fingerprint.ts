import config from "../deno.json" with { type: "json" };
import { sha256 } from "../lib/core/mod.ts";
import { hashFile } from "../lib/io/mod.ts";
import { lockedPackages, readLock } from "./locked_packages.ts";
import { loadedSources } from "./structure/loaded_sources.ts";

/** Opens the subject of a measurement, and quantizes its weights for all that is measured on it. */
const subjectModule = "figure_subject.ts";

/**
 * The modules that measure an experiment on models, as paths from the root.
 *
 * @param measuredBy Those of experiments/measure, besides the one that opens the subjects.
 */
export function measurementModules(measuredBy: readonly string[]): string[] {
  return [subjectModule, ...measuredBy].map((name) => `experiments/measure/${name}`);
}

/**
 * What stands for the code of a measurement: one hash over the path and content of every file that
 * it loads, and over the packages among them with all they depend on. A stored measurement is used
 * again while its fingerprint is the same, whatever changes elsewhere.
 *
 * @param entries The modules that measure: paths from the root.
 * @param root The folder of the checkout, with deno.lock.
 * @throws {InputError} If a file cannot be read or followed; see {@linkcode loadedSources}.
 */
export async function fingerprintOf(entries: readonly string[], root = "."): Promise<string> {
  const { files, packages } = await loadedSources(entries, root);
  // One after the other: each takes a buffer.
  const hashed = async (path: string) => `${path} ${await hashFile(`${root}/${path}`)}`;
  const lines = [
    ...await Array.fromAsync(files, hashed),
    ...lockedPackages(packages, await readLock(`${root}/deno.lock`), config.imports),
  ];
  return await sha256(lines.join("\n"));
}
