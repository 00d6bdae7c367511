import { basename, dirname, relative } from "node:path";
import { require } from "../core/mod.ts";
import { attempt, exists, isFolder, readText } from "./files.ts";
import type { BlobPlace } from "./hub_blob.ts";
import { type HubRepository, isCommit, repositoryText } from "./hub_repository.ts";
import { removeLeftovers, temporaryPath, writeAtomically } from "./write.ts";

/** The files of a repository at a commit, as far as they have been downloaded. */
export interface Snapshot {
  commit: string;
  /** It has them, as links to the blobs, under their own names. */
  folder: string;
}

/**
 * The folder of a repository in the cache, laid out as Python's huggingface_hub does: `refs` says which
 * commit a branch is at, `blobs` has the contents of files by their hashes, and `snapshots` a folder per
 * commit with links to them.
 */
function repositoryFolder(cache: string, { kind, name }: HubRepository): string {
  return `${cache}/${kind}s--${name.replace("/", "--")}`;
}

/** Where the cache has the content of a repository's file with this hash. */
export function blobPlace(cache: string, repository: HubRepository, hash: string): BlobPlace {
  const folder = repositoryFolder(cache, repository);
  return {
    blob: `${folder}/blobs/${hash}`,
    lock: `${cache}/.locks/${basename(folder)}/${hash}.lock`,
  };
}

/** Where a file or folder in a cache comes from. */
export interface HubOrigin {
  /** `org/name` */
  repository: string;
  commit: string;
}

/** Where what has this path comes from, if it lies in the snapshot of a repository. */
export function hubOrigin(path: string): HubOrigin | undefined {
  const place = /(?:^|\/)(?:model|dataset)s--([^/]+?)--([^/]+)\/snapshots\/([0-9a-f]{40})(?:\/|$)/;
  const [, organisation, name, commit] = path.match(place) ?? [];
  return commit === undefined ? undefined : { repository: `${organisation}/${name}`, commit };
}

/** The snapshot of a repository at a commit, whether or not it is there. */
export function snapshotOf(cache: string, repository: HubRepository, commit: string): Snapshot {
  return { commit, folder: `${repositoryFolder(cache, repository)}/snapshots/${commit}` };
}

/**
 * Refuses a cache that is no folder; none at all is an empty one.
 *
 * @throws {InputError}
 */
export async function requireCache(cache: string, action: string): Promise<void> {
  const isUsable = !await exists(cache) || await isFolder(cache);
  require(isUsable, action, "the hub's cache, HF_HUB_CACHE or in HF_HOME, must be a folder", cache);
}

/**
 * The snapshot that the cache has of a repository at its revision, if any; it may lack files.
 *
 * @throws {InputError} If the cache is no folder or cannot be read.
 */
export async function findSnapshot(
  cache: string,
  repository: HubRepository,
): Promise<Snapshot | undefined> {
  await requireCache(cache, `look up ${repositoryText(repository)}`);
  const { revision } = repository;
  const ref = refPath(cache, repository);
  const commit = isCommit(revision)
    ? revision
    : await exists(ref)
    ? (await readText(ref)).trim()
    : "";
  if (!isCommit(commit)) return undefined;
  const snapshot = snapshotOf(cache, repository, commit);
  return await exists(snapshot.folder) ? snapshot : undefined;
}

/** Notes which commit the revision of a repository is at. */
export async function rememberCommit(
  cache: string,
  repository: HubRepository,
  commit: string,
): Promise<void> {
  if (repository.revision === commit) return;
  const ref = refPath(cache, repository);
  const before = await exists(ref) ? await readText(ref) : undefined;
  await removeLeftovers(dirname(ref)); // each file there is a revision
  if (before !== commit) await writeAtomically(ref, commit);
}

/**
 * Makes a name in a snapshot of a blob, in one step: other processes may be reading it. Where there may be
 * no links, the blob itself goes there, as with Python's huggingface_hub.
 *
 * @throws {InputError} If the system does not allow that either.
 */
export async function linkBlob(blob: string, path: string): Promise<void> {
  const folder = dirname(path);
  const action = `write ${path}`;
  await attempt(action, () => Deno.mkdir(folder, { recursive: true }));
  await removeLeftovers(folder);
  const link = temporaryPath(path);
  const isLinked = await Deno.symlink(relative(folder, blob), link).then(() => true, () => false);
  await attempt(action, () => Deno.rename(isLinked ? link : blob, path));
}

function refPath(cache: string, repository: HubRepository): string {
  return `${repositoryFolder(cache, repository)}/refs/${repository.revision}`;
}
