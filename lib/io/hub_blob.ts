import { createHash } from "node:crypto";
import { dirname } from "node:path";
import { counted, refuse } from "../core/mod.ts";
import { attempt, exists, openFile } from "./files.ts";
import {
  askHub,
  attempts,
  bodyOf,
  type HubAccess,
  isOutage,
  pauseBefore,
  refuseOutage,
} from "./hub_request.ts";
import { withLock } from "./lock.ts";
import { openPartial, type PartialFile } from "./partial_file.ts";
import { isMissing } from "./persist.ts";

/** A file of a repository as the hub lists it. */
export interface HubFile {
  /** Within the repository. */
  path: string;
  /** In bytes. */
  size: number;
  /** The hash of its content: 64 digits of SHA-256, or the 40 that git calls it by. */
  hash: string;
}

/** How many bytes of a blob an earlier attempt has left. */
export async function partialBytes(blob: string): Promise<number> {
  // Whoever writes it may finish at any time; then there is none.
  return await Deno.stat(partialPath(blob)).then(({ size }) => size, () => 0);
}

/** Where a blob is kept. */
export interface BlobPlace {
  /** The path that it has once it is whole and of the right hash. */
  blob: string;
  /** A file that whoever writes the blob holds locked. */
  lock: string;
}

/**
 * Downloads a blob, or waits for the process that does. What an earlier attempt has left is gone on with.
 *
 * @param url Of the content at a commit.
 * @param hear Hears how many bytes are there.
 * @throws {InputError} If the hub refuses, sends something else than it has listed, or the disk does not
 *   take it. The path then has nothing; what came stays beside it for the next attempt, unless it is wrong.
 */
export async function downloadBlob(
  access: HubAccess,
  url: string,
  file: HubFile,
  { blob, lock }: BlobPlace,
  hear: (bytes: number) => void,
): Promise<void> {
  const action = `write ${blob}`;
  for (const each of [blob, lock]) {
    await attempt(action, () => Deno.mkdir(dirname(each), { recursive: true }));
  }
  await withLock(lock, access.signal, async () => {
    if (await exists(blob)) return;
    using partial = await openPartial(partialPath(blob));
    await complete(partial, access, url, file, hear);
    await partial.flush();
    try {
      const hash = await hashOf(partial.path, file, access.signal);
      if (hash !== file.hash) {
        await partial.remove();
        refuse(access.action, `${file.path} must have the hash ${file.hash}`, hash);
      }
      await attempt(action, () => Deno.rename(partial.path, blob));
    } catch (error) {
      // Where locks of other machines do not show, one of them may have made this very file the blob.
      if (!isMissing(error) || !await exists(blob)) throw error;
    }
  });
}

function partialPath(blob: string): string {
  return `${blob}.incomplete`;
}

/** Appends what a file lacks, and tries again where that fails, as long as some of it comes. */
async function complete(
  partial: PartialFile,
  access: HubAccess,
  url: string,
  { path, size }: HubFile,
  hear: (bytes: number) => void,
): Promise<void> {
  if (partial.size > size) await partial.clear();
  const refuseLength = async (bytes: unknown): Promise<never> => {
    await partial.remove();
    refuse(access.action, `${path} must have ${counted(size, "byte")}, as listed`, bytes);
  };
  hear(partial.size);
  for (let failures = 0, furthest = partial.size; partial.size < size;) {
    try {
      const range = `bytes=${partial.size}-`;
      const response = await askHub(access, url, { headers: { Range: range } });
      if (response.status === 416) await refuseLength(partial.size); // nothing is behind these
      if (!continues(response, partial.size)) await partial.clear();
      for await (const bytes of bodyOf(response, access)) {
        if (partial.size + bytes.length > size) await refuseLength("more");
        await partial.append(bytes);
        hear(partial.size);
      }
      if (partial.size < size) {
        throw new Error(`${path} ended after ${counted(partial.size, "byte")}`);
      }
    } catch (error) {
      if (!isOutage(error, access)) throw error;
      failures = partial.size > furthest ? 1 : failures + 1;
      furthest = Math.max(furthest, partial.size);
      if (failures === attempts) refuseOutage(error, access);
      await pauseBefore(access, failures);
    }
  }
}

/** Whether an answer begins where it was asked to, rather than at the beginning of the file. */
function continues({ status, headers }: Response, position: number): boolean {
  if (status !== 206) return false;
  const [, start] = headers.get("Content-Range")?.match(/^bytes (\d+)-/) ?? [];
  if (Number(start) !== position) throw new Error(`Range ${start} came instead of ${position}`);
  return true;
}

/** The hash of a file of the kind that the hub lists it with. */
async function hashOf(
  path: string,
  { size, hash: { length } }: HubFile,
  signal?: AbortSignal,
): Promise<string> {
  const isSha256 = length === 64;
  const hash = createHash(isSha256 ? "sha256" : "sha1");
  if (!isSha256) hash.update(`blob ${size}\0`);
  using file = await openFile(path);
  const chunk = new Uint8Array(1 << 20);
  for (;;) {
    signal?.throwIfAborted();
    const count = await attempt(`read ${path}`, () => file.read(chunk));
    if (count === null) return hash.digest("hex");
    hash.update(chunk.subarray(0, count));
  }
}
