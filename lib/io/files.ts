import { constants } from "node:buffer";
import { createHash } from "node:crypto";
import { InputError, refuse, require } from "../core/mod.ts";
import { parseJson } from "./json.ts";
import { isMissing, persist } from "./persist.ts";

const chunkBytes = 1 << 20;

/** A string holds no more UTF-16 units, and UTF-8 has at least a byte for each. */
const longestText = constants.MAX_STRING_LENGTH;

/**
 * Opens a file for reading; the caller closes it.
 *
 * @throws {InputError} If the path does not exist, is not a file or cannot be read.
 */
export async function openFile(path: string): Promise<Deno.FsFile> {
  const { isFile } = await attempt(`read ${path}`, () => Deno.stat(path));
  require(isFile, `read ${path}`, "it must be a file, not a folder or device");
  return await attempt(`read ${path}`, () => Deno.open(path));
}

/**
 * Fills `bytes` with what the file holds at its current position.
 *
 * @throws {InputError} If the file ends before.
 */
export async function fill(file: Deno.FsFile, bytes: Uint8Array, path: string): Promise<void> {
  for (let filled = 0; filled < bytes.length;) {
    const count = await attempt(`read ${path}`, () => file.read(bytes.subarray(filled)));
    require(count !== null, `read ${path}`, "the file must not shrink while it is read");
    filled += count;
  }
}

/** As {@linkcode fill}, at once. */
export function fillSync(file: Deno.FsFile, bytes: Uint8Array, path: string): void {
  const action = `read ${path}`;
  for (let filled = 0; filled < bytes.length;) {
    const count = attemptSync(action, () => file.readSync(bytes.subarray(filled)));
    require(count !== null, action, "the file must not shrink while it is read");
    filled += count;
  }
}

/**
 * Reads a whole text file.
 *
 * @throws {InputError} If the file cannot be read, is longer than a string can be or is not UTF-8.
 */
export async function readText(path: string): Promise<string> {
  using file = await openFile(path);
  const { size } = await file.stat();
  const rule = `it must have at most ${longestText} bytes, which fit in one string`;
  require(size <= longestText, `read ${path}`, rule, size);
  const bytes = new Uint8Array(size);
  await fill(file, bytes, path);
  return decodeText(bytes, path);
}

/**
 * Reads a JSON file.
 *
 * @throws {InputError} If the file cannot be read, is not JSON or has an object with a key twice.
 */
export async function readJson(path: string): Promise<unknown> {
  return parseJson(await readText(path), path);
}

/**
 * Decodes UTF-8 that came from a file.
 *
 * @param part What of the file the bytes are, for the message.
 * @throws {InputError} If the bytes are not UTF-8.
 */
export function decodeText(bytes: Uint8Array, path: string, part = "file"): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    refuse(`read ${path}`, `the ${part} must be UTF-8 text`);
  }
}

/** The SHA-256 digest of a file in hexadecimal; the file is read a mebibyte at a time. */
export function hashFile(path: string): Promise<string> {
  return hashFiles([path]);
}

/**
 * The SHA-256 digest of files joined end to end, in hexadecimal, as `cat FILES | sha256sum` prints.
 *
 * @param signal Stops the work by throwing its reason.
 * @throws {InputError} If a file cannot be read.
 */
export async function hashFiles(
  paths: readonly string[],
  signal?: AbortSignal,
): Promise<string> {
  const hash = createHash("sha256");
  for (const path of paths) {
    using file = await openFile(path);
    const { size } = await attempt(`read ${path}`, () => file.stat());
    const chunk = new Uint8Array(Math.min(size || chunkBytes, chunkBytes)); // pipes have no size
    for (;;) {
      signal?.throwIfAborted();
      const count = await attempt(`read ${path}`, () => file.read(chunk));
      if (count === null) break;
      hash.update(chunk.subarray(0, count));
    }
  }
  return hash.digest("hex");
}

/**
 * Refuses what is no folder of a model in Hugging Face layout, rather than let the first file be missed.
 *
 * @throws {InputError} If there is nothing, or a file, or a folder without config.json. Of GGUF files that it
 *   has instead the message names one.
 */
export async function requireModelFolder(path: string): Promise<void> {
  const action = `load ${path}`;
  require(await exists(path), action, "the folder must exist");
  require(await isFolder(path), action, "it must be the folder of a model or a .gguf file");
  if (await exists(`${path}/config.json`)) return;
  const names = (await entriesOf(path)).map(({ name }) => name);
  const file = names.sort().find((name) => name.endsWith(".gguf"));
  const rule = "it must be the folder of a model, with config.json";
  refuse(action, file === undefined ? rule : `${rule}, or one of its .gguf files, as ${file}`);
}

/** Whether a file or folder exists. */
export async function exists(path: string): Promise<boolean> {
  try {
    await persist(() => Deno.stat(path));
    return true;
  } catch (error) {
    if (isMissing(error)) return false;
    refuse(`read ${path}`, "the system must allow it", (error as Error).message);
  }
}

/**
 * What lies in a folder; nothing where it has vanished or never was.
 *
 * @throws {InputError} If it is no folder or cannot be read.
 */
export async function entriesOf(folder: string): Promise<Deno.DirEntry[]> {
  try {
    return await attempt(`read ${folder}`, () => Array.fromAsync(Deno.readDir(folder)));
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}

/**
 * Removes a file or an empty folder, which another process may have removed.
 *
 * @param action For messages.
 * @throws {InputError} If it stays.
 */
export async function removeFile(path: string, action: string): Promise<void> {
  try {
    await attempt(action, () => Deno.remove(path));
  } catch (error) {
    if (!isMissing(error)) throw error;
  }
}

/** Whether this is what a GGUF file is called, and no folder has the name. */
export async function isGguf(path: string): Promise<boolean> {
  return path.endsWith(".gguf") && !await isFolder(path);
}

/** Whether there is a folder. */
export async function isFolder(path: string): Promise<boolean> {
  return await exists(path) && (await attempt(`read ${path}`, () => Deno.stat(path))).isDirectory;
}

/**
 * Runs one call to the system, again where that may help; what it refuses is an input error. What is written by a
 * handle is the matter of {@linkcode attemptOnce}.
 */
export function attempt<T>(action: string, call: () => Promise<T>): Promise<T> {
  return persist(() => attemptOnce(action, call));
}

/** As {@linkcode attempt}, once: a handle that has failed may have lost what it took before. */
export async function attemptOnce<T>(action: string, call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    refuseAs(action, error);
  }
}

/** As {@linkcode attemptOnce}, at once. */
export function attemptSync<T>(action: string, call: () => T): T {
  try {
    return call();
  } catch (error) {
    refuseAs(action, error);
  }
}

/** Refuses what the system refused, which is the cause; an input error stays the one it is. */
function refuseAs(action: string, cause: unknown): never {
  if (cause instanceof InputError) throw cause;
  const [rule, found] = cause instanceof Deno.errors.NotFound
    ? ["the file must exist"]
    : ["the system must allow it", (cause as Error).message];
  try {
    refuse(action, rule, found);
  } catch (refusal) {
    throw Object.assign(refusal as InputError, { cause });
  }
}
