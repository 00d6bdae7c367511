import { dirname } from "node:path";
import { require } from "../core/mod.ts";
import { attempt, attemptOnce, entriesOf } from "./files.ts";
import { isMissing, isPassing, persist } from "./persist.ts";

/**
 * Writes a file so that its path never shows half of it, whatever becomes of the process or the machine: a temporary
 * file beside it is written and flushed to the disk first, and then renamed. Folders that do not exist yet are made.
 * Of several that write the same path at a time, the last stays.
 *
 * @param content Text, bytes, or what gives bytes piece by piece, from the beginning whenever it is called.
 * @throws {InputError} If the path cannot be written.
 */
export async function writeAtomically(
  path: string,
  content: string | Uint8Array | (() => Iterable<Uint8Array>),
): Promise<void> {
  const pieces = typeof content === "function"
    ? content
    : () => [typeof content === "string" ? new TextEncoder().encode(content) : content];
  // The temporary file is missed where another process took it for a leftover.
  const isWorthIt = (error: unknown) => isPassing(error) || isMissing(error);
  await persist(() => replace(path, pieces()), isWorthIt);
}

async function replace(path: string, pieces: Iterable<Uint8Array>): Promise<void> {
  const action = `write ${path}`;
  await attemptOnce(action, () => Deno.mkdir(dirname(path), { recursive: true }));
  const temporary = temporaryPath(path);
  await writeTemporary(temporary, pieces, action, () => Deno.rename(temporary, path));
}

/** A name beside `path` that nobody else gives; {@linkcode removeLeftovers} knows it. */
export function temporaryPath(path: string): string {
  return `${path}.${crypto.randomUUID()}.partial`;
}

const temporaryName = /\.[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\.partial$/;

/**
 * Writes a temporary file, flushes it to the disk and does something with it.
 *
 * @param use What leaves nothing under this name; where that or the writing fails, the file is removed.
 */
async function writeTemporary(
  path: string,
  pieces: Iterable<Uint8Array>,
  action: string,
  use: () => Promise<void>,
): Promise<void> {
  const options = { write: true, createNew: true };
  using file = await attemptOnce(action, () => Deno.open(path, options));
  try {
    for (let piece of pieces) {
      while (piece.length > 0) {
        const written = await attemptOnce(action, () => file.write(piece));
        piece = piece.subarray(written);
      }
    }
    await attemptOnce(action, () => file.syncData());
    await attemptOnce(action, use);
  } catch (error) {
    await Deno.remove(path).catch(() => {});
    throw error;
  }
}

/** How much {@linkcode prepareFolder} writes to see whether there is room. */
const probeBytes = 2 ** 20;

/**
 * Makes a folder ready to be written to, before long work whose results are to go there: makes it if
 * it is missing, removes what killed processes left the day before, and writes and removes a mebibyte.
 *
 * @throws {InputError} If it cannot be written to or the disk is full.
 */
export async function prepareFolder(folder: string): Promise<void> {
  const action = `write to ${folder}`;
  await requireFolderPlace(folder);
  await attempt(action, () => Deno.mkdir(folder, { recursive: true }));
  await removeLeftovers(folder);
  await persist(async () => {
    const path = temporaryPath(`${folder}/probe`);
    await writeTemporary(path, [new Uint8Array(probeBytes)], action, () => Deno.remove(path));
  });
}

/**
 * Refuses a path where something is that is no folder.
 *
 * @throws {InputError} If there is.
 */
export async function requireFolderPlace(path: string): Promise<void> {
  const action = `write to ${path}`;
  const isPlace = await attempt(action, async () => {
    try {
      return (await Deno.stat(path)).isDirectory;
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return true;
      throw error;
    }
  });
  require(isPlace, action, "it must be a folder, and there is a file of that name");
}

/** For how long nobody has touched what nobody writes any more, in milliseconds: longer than a job is suspended. */
const leftAfter = 24 * 60 * 60 * 1000;

/**
 * Removes what killed processes left of {@linkcode writeAtomically} in a folder: temporary files that nobody has
 * touched for a day. Who writes one cannot be asked: it may be a process of another machine, whose locks many network
 * file systems do not show here.
 *
 * @param options.all Whether all of them go, because nobody has anything to write there any more.
 * @throws {InputError} If the folder cannot be read.
 */
export async function removeLeftovers(
  folder: string,
  { all = false }: { all?: boolean } = {},
): Promise<void> {
  for (const { name } of await entriesOf(folder)) {
    if (!temporaryName.test(name)) continue;
    const path = `${folder}/${name}`;
    try {
      const { mtime } = await Deno.lstat(path);
      if (all || Date.now() - mtime!.getTime() > leftAfter) await Deno.remove(path);
    } catch {
      // What has vanished is gone, and what cannot be removed does no harm.
    }
  }
}
