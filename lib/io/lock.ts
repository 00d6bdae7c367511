import { attempt } from "./files.ts";

/** How often a lock that another process holds is tried, in milliseconds. */
const interval = 100;

/**
 * Does work that no other process does meanwhile: one that locks the same file, as Python's filelock does
 * too. It waits for that. Where the file system has no locks, nothing keeps others away.
 *
 * @param path A file; made if it is missing, and left there.
 * @param signal Ends the waiting by throwing its reason.
 * @throws {InputError} If the file cannot be opened.
 */
export async function withLock<Result>(
  path: string,
  signal: AbortSignal | undefined,
  work: () => Promise<Result>,
): Promise<Result> {
  for (;;) {
    const options = { read: true, write: true, create: true };
    using file = await attempt(`lock ${path}`, () => Deno.open(path, options));
    while (!await file.tryLock(true).catch(() => true)) {
      signal?.throwIfAborted();
      await new Promise((resolve) => setTimeout(resolve, interval));
    }
    // Who held the lock may have removed the file: then others lock a new one of that name.
    if (await isSame(file, path)) return await work();
  }
}

async function isSame(file: Deno.FsFile, path: string): Promise<boolean> {
  const there = await Deno.stat(path).catch(() => null);
  return there !== null && there.ino === (await file.stat()).ino;
}
