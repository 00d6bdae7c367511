import { dirname } from "node:path";
import { require } from "../core/mod.ts";
import { attempt } from "./files.ts";

/**
 * Writes a file so that its path never shows half of it: a temporary file beside it is written
 * first and then renamed. Folders that do not exist yet are made.
 *
 * The temporary file is locked as long as this process lives; {@linkcode prepareFolder} knows by
 * that which ones nobody writes any more.
 *
 * @param content Text, bytes, or bytes in pieces, which are asked for one at a time.
 * @throws {InputError} If the path cannot be written.
 */
export async function writeAtomically(
  path: string,
  content: string | Uint8Array | Iterable<Uint8Array>,
): Promise<void> {
  const pieces = typeof content === "string"
    ? [new TextEncoder().encode(content)]
    : content instanceof Uint8Array
    ? [content]
    : content;
  const action = `write ${path}`;
  await attempt(action, () => Deno.mkdir(dirname(path), { recursive: true }));
  const temporary = await openTemporary(path, action);
  using file = temporary.file;
  try {
    await writePieces(file, pieces, action);
    await attempt(action, () => Deno.rename(temporary.path, path));
  } catch (error) {
    await Deno.remove(temporary.path).catch(() => {});
    throw error;
  }
}

/** Opens and locks a new file beside `path`. */
async function openTemporary(path: string, action: string) {
  for (;;) {
    const temporary = `${path}.${crypto.randomUUID()}.partial`;
    const options = { write: true, createNew: true };
    const file = await attempt(action, () => Deno.open(temporary, options));
    await file.lock(true).catch(() => {}); // some file systems have no locks
    // Before the lock held, another process may have taken the file for a leftover.
    const isThere = await Deno.stat(temporary).then(() => true, () => false);
    if (isThere) return { path: temporary, file };
    file.close();
  }
}

async function writePieces(
  file: Deno.FsFile,
  pieces: Iterable<Uint8Array>,
  action: string,
): Promise<void> {
  for (let piece of pieces) {
    while (piece.length > 0) {
      const written = await attempt(action, () => file.write(piece));
      piece = piece.subarray(written);
    }
  }
}

/** How much {@linkcode prepareFolder} writes to see whether there is room. */
const probeBytes = 2 ** 20;

/**
 * Makes a folder ready to be written to, before long work whose results are to go there: makes it if
 * it is missing, removes what killed processes left, and writes and removes a mebibyte.
 *
 * @throws {InputError} If it cannot be written to or the disk is full.
 */
export async function prepareFolder(folder: string): Promise<void> {
  const action = `write to ${folder}`;
  await requireFolderPlace(folder);
  await attempt(action, () => Deno.mkdir(folder, { recursive: true }));
  await removeLeftovers(folder);
  const { path, file } = await openTemporary(`${folder}/probe`, action);
  try {
    await writePieces(file, [new Uint8Array(probeBytes)], action);
  } finally {
    file.close();
    await Deno.remove(path).catch(() => {});
  }
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

const temporaryName = /\.[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\.partial$/;

/**
 * Removes the temporary files that killed processes left in a folder, not those of running ones.
 *
 * @throws {InputError} If the folder cannot be read.
 */
async function removeLeftovers(folder: string): Promise<void> {
  const entries = await attempt(`read ${folder}`, () => Array.fromAsync(Deno.readDir(folder)));
  for (const { name, isFile } of entries) {
    const path = `${folder}/${name}`;
    if (isFile && temporaryName.test(name)) await removeUnlocked(path, path);
  }
}

/**
 * Removes a file or folder whose process was killed; one whose process lives stays, and so does one
 * of which that cannot be told.
 *
 * @param lock A file that the process holds locked while it lives.
 */
export async function removeUnlocked(path: string, lock: string): Promise<void> {
  try {
    using file = await Deno.open(lock);
    if (await file.tryLock(true)) await Deno.remove(path, { recursive: true });
  } catch {
    // What cannot be opened, locked or removed does no harm.
  }
}
