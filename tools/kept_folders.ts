import type { KeptFolder, KeptFolders } from "../experiments/measure/subject.ts";
import { evaluatedBy } from "../experiments/tables/measure_models.ts";
import { removeStoredScores } from "../lib/eval/mod.ts";
import { entriesOf } from "../lib/io/mod.ts";
import { removeStoredBlocks } from "../lib/model/mod.ts";
import { cellFolder } from "./cell_store.ts";
import { printWarnings } from "./command_line.ts";
import { fingerprintOf, measurementModules } from "./fingerprint.ts";

/** For how long what other code made has lain untouched when it is removed, in milliseconds. */
const staleAfter = 24 * 60 * 60 * 1000;

/** How much of the hash of sources names the folder of what they make. */
const sourceDigits = 16;

/** Of the hash that names the folder of some weights, or of the scores of a run. */
const digitsOfOne = 64;

/** Whether something is a folder, and no link to one, whose name is so many hexadecimal digits. */
function isNamedBy(digits: number): (entry: Deno.DirEntry) => boolean {
  const pattern = new RegExp(`^[0-9a-f]{${digits}}$`);
  return ({ name, isDirectory }) => isDirectory && pattern.test(name);
}

/** What is kept, and where: which modules make it, and what removes some of it. */
const kinds = {
  weights: { modules: measurementModules([]), remove: removeStoredBlocks },
  scores: {
    modules: measurementModules([...evaluatedBy, "sparsity_measure.ts"]),
    remove: removeStoredScores,
  },
} as const;

/** How a command that keeps what it measures on the way was called. */
export interface KeptFoldersOptions {
  /** Whether all is measured anew: nothing is taken from earlier runs then, nor kept for later ones. */
  fresh?: boolean;
}

/**
 * Where weights are kept that methods quantize with a calibration text, and the scores of windows until all of a cell
 * are there, so that a command that was killed goes on at the block or window it was at, and the next one that
 * measures the same weights finds them. Those of code that is no more are removed once nobody has touched them for a
 * day; whatever else lies there is left alone.
 *
 * @param folder Of all of them.
 */
export async function keptFolders(
  { fresh = false }: KeptFoldersOptions = {},
  folder = cellFolder,
): Promise<KeptFolders> {
  if (fresh) return {};
  const onUnkept = warner();
  const entries = Object.entries(kinds).map(async ([name, { modules, remove }]) => {
    const sources = await fingerprintOf(modules);
    const place = await ownFolder(`${folder}/${name}`, sources, remove);
    return [name, { folder: place, sources, onUnkept } satisfies KeptFolder];
  });
  return Object.fromEntries(await Promise.all(entries));
}

/** Of what these sources make; what others made and nobody touches is removed. */
async function ownFolder(folder: string, sources: string, remove: Remove): Promise<string> {
  const own = sources.slice(0, sourceDigits);
  const there = await entriesOf(folder).catch(() => []); // a folder that cannot be read keeps none
  for (const { name } of there.filter(isNamedBy(sourceDigits))) {
    if (name !== own) await removeStale(`${folder}/${name}`, remove);
  }
  return `${folder}/${own}`;
}

/** Removes some weights, or the scores of a run. */
type Remove = (folder: string) => Promise<void>;

/** Says once that something is not kept, for the first reason. */
function warner(): (reason: string) => void {
  let isSaid = false;
  return (reason) => {
    if (!isSaid) {
      const what = "Quantized weights and scored windows are not kept for the next command";
      printWarnings([`${what}: ${reason}`]);
    }
    isSaid = true;
  };
}

/** Removes what is in a folder in which, and in whose folders, nothing has appeared for a day. */
async function removeStale(folder: string, remove: Remove): Promise<void> {
  try {
    const parts = (await entriesOf(folder)).filter(isNamedBy(digitsOfOne))
      .map(({ name }) => `${folder}/${name}`);
    const touched = await Promise.all([folder, ...parts].map(lastTouched));
    if (Date.now() - Math.max(...touched) <= staleAfter) return;
    for (const part of parts) await remove(part).catch(() => {});
    await Deno.remove(folder);
  } catch {
    // What has vanished is gone, and what cannot be removed does no harm.
  }
}

async function lastTouched(path: string): Promise<number> {
  return (await Deno.lstat(path)).mtime!.getTime();
}
