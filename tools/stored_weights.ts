import type { WeightsFolder } from "../experiments/measure/subject.ts";
import { entriesOf } from "../lib/io/mod.ts";
import { removeStoredBlocks } from "../lib/model/mod.ts";
import { cellFolder } from "./cell_store.ts";
import { printWarnings } from "./command_line.ts";
import { fingerprintOf, measurementModules } from "./fingerprint.ts";

/** For how long weights that other code quantized have lain untouched when they are removed, in milliseconds. */
const staleAfter = 24 * 60 * 60 * 1000;

/** How much of the hash of sources names the folder of what they quantized. */
const sourceDigits = 16;

/** Of the hash that names the folder of some weights. */
const weightDigits = 64;

/** Whether something is a folder, and no link to one, whose name is so many hexadecimal digits. */
function isNamedBy(digits: number): (entry: Deno.DirEntry) => boolean {
  const pattern = new RegExp(`^[0-9a-f]{${digits}}$`);
  return ({ name, isDirectory }) => isDirectory && pattern.test(name);
}

/** How a command that keeps weights was called. */
export interface StoredWeightsOptions {
  /** Whether all is measured anew: no weights are taken from earlier runs then, nor kept for later ones. */
  fresh?: boolean;
}

/**
 * Where weights that methods quantize with a calibration text are kept, so that a command that was killed goes on at
 * the block it was at, and the next one that measures the same weights finds them. Those of code that is no more are
 * removed once nobody has touched them for a day; whatever else lies there is left alone.
 *
 * @param folder Of all of them.
 */
export async function storedWeights(
  { fresh = false }: StoredWeightsOptions = {},
  folder = `${cellFolder}/weights`,
): Promise<WeightsFolder | undefined> {
  if (fresh) return undefined;
  const sources = await fingerprintOf(measurementModules([]));
  const own = sources.slice(0, sourceDigits);
  const there = await entriesOf(folder).catch(() => []); // a folder that cannot be read keeps none
  for (const { name } of there.filter(isNamedBy(sourceDigits))) {
    if (name !== own) await removeStale(`${folder}/${name}`);
  }
  return { folder: `${folder}/${own}`, sources, onUnkept: warner() };
}

/** Says once that weights are not kept, for the first reason. */
function warner(): (reason: string) => void {
  let isSaid = false;
  return (reason) => {
    if (!isSaid) printWarnings([`Quantized weights are made again by the next command: ${reason}`]);
    isSaid = true;
  };
}

/** Removes the weights of a folder in which, and in whose folders, nothing has appeared for a day. */
async function removeStale(folder: string): Promise<void> {
  try {
    const versions = (await entriesOf(folder)).filter(isNamedBy(weightDigits))
      .map(({ name }) => `${folder}/${name}`);
    const touched = await Promise.all([folder, ...versions].map(lastTouched));
    if (Date.now() - Math.max(...touched) <= staleAfter) return;
    for (const version of versions) await removeStoredBlocks(version).catch(() => {});
    await Deno.remove(folder);
  } catch {
    // What has vanished is gone, and what cannot be removed does no harm.
  }
}

async function lastTouched(path: string): Promise<number> {
  return (await Deno.lstat(path)).mtime!.getTime();
}
