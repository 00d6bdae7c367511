import { require } from "../core/mod.ts";
import { exists } from "./files.ts";
import { type BlobPlace, type HubFile, partialBytes } from "./hub_blob.ts";
import { blobPlace, requireCache, type Snapshot, snapshotOf } from "./hub_cache.ts";
import { type Hub, hubToken } from "./hub_environment.ts";
import {
  contentUrl,
  type HubListing,
  listFolder,
  listPaths,
  resolveCommit,
} from "./hub_listing.ts";
import { chooseModelFiles, listedShards } from "./hub_model_files.ts";
import { type HubRepository, repositoryText } from "./hub_repository.ts";
import { type HubAccess, hubFetch } from "./hub_request.ts";
import { parseIndex, shardsOf } from "./sharded_checkpoint.ts";

/** How the hub is waited for. */
export type HubPatience = Pick<
  HubAccess,
  "signal" | "pauseMilliseconds" | "patienceMilliseconds"
>;

/** A repository at a commit, and the cache that its files belong in. */
export interface HubSource {
  repository: HubRepository;
  cache: string;
  access: HubAccess;
  snapshot: Snapshot;
}

/** A file that is wanted of a repository, and what the cache has of it. */
export interface WantedFile {
  file: HubFile;
  place: BlobPlace;
  /** In bytes: all of it, what an earlier attempt has left, or none. */
  there: number;
  /** Whether the snapshot has it under its own name. */
  isLinked: boolean;
}

/** What a download would bring. */
export interface DownloadPlan {
  commit: string;
  files: readonly WantedFile[];
}

/**
 * The files that `downloadModel` would see to. Nothing is written; of contents, an index of weights alone
 * is asked for where the cache lacks it.
 *
 * @throws {InputError} If the hub refuses, must not be asked or cannot be reached, or the repository is of no
 *   model that can be read.
 */
export async function planModel(
  hub: Hub,
  repository: HubRepository,
  patience: HubPatience,
): Promise<DownloadPlan> {
  const source = await openToPlan(hub, repository, patience);
  const { access, snapshot: { commit } } = source;
  const listing = await listFolder(access, repository, commit);
  const { settings, weights } = chooseModelFiles([...listing.keys()], access.action);
  const paths = "index" in weights
    ? [weights.index, ...await askedShards(source, weights.index)]
    : [weights.file];
  return { commit, files: await lookUp(source, listing, [...settings, ...paths]) };
}

/**
 * The files that `downloadFiles` would see to. Nothing is written.
 *
 * @throws {InputError} As {@linkcode planModel}, or if the repository lacks a file.
 */
export async function planFiles(
  hub: Hub,
  repository: HubRepository,
  paths: readonly string[],
  patience: HubPatience,
): Promise<DownloadPlan> {
  const source = await openToPlan(hub, repository, patience);
  const { access, snapshot: { commit } } = source;
  const listing = await listPaths(access, repository, commit, paths);
  return { commit, files: await lookUp(source, listing, paths) };
}

/** How many bytes have to come; files of the same content come once. */
export function missingBytes(files: readonly WantedFile[]): number {
  const missing = new Map(files.map(({ file, place, there }) => [place.blob, file.size - there]));
  return missing.values().reduce((sum, bytes) => sum + bytes, 0);
}

/** What messages call a download. */
export function downloadAction(repository: HubRepository): string {
  return `download ${repositoryText(repository)}`;
}

/**
 * Finds out at which commit a repository is.
 *
 * @throws {InputError} If the hub refuses or cannot be reached, or its cache is no folder.
 */
export async function openSource(
  { endpoint, cache }: Hub,
  repository: HubRepository,
  patience: HubPatience,
): Promise<HubSource> {
  const action = downloadAction(repository);
  await requireCache(cache, action);
  const access = { endpoint, token: await hubToken(), action, ...patience };
  const commit = await resolveCommit(access, repository);
  return { repository, cache, access, snapshot: snapshotOf(cache, repository, commit) };
}

/**
 * Looks in the cache for files of a repository.
 *
 * @throws {InputError} If the repository lacks one of them, or the cache cannot be read.
 */
export async function lookUp(
  { repository, cache, access, snapshot }: HubSource,
  listing: HubListing,
  paths: readonly string[],
): Promise<WantedFile[]> {
  const absent = paths.filter((path) => !listing.has(path));
  require(absent.length === 0, access.action, "the repository must have the files", absent);
  return await Promise.all(paths.map(async (path) => {
    const file = listing.get(path)!;
    const place = blobPlace(cache, repository, file.hash);
    const isLinked = await exists(`${snapshot.folder}/${path}`);
    const isWhole = isLinked || await exists(place.blob);
    const partial = isWhole ? file.size : await partialBytes(place.blob);
    const there = partial > file.size ? 0 : partial; // what is too long begins anew
    return { file, place, there, isLinked };
  }));
}

async function openToPlan(
  hub: Hub,
  repository: HubRepository,
  patience: HubPatience,
): Promise<HubSource> {
  const rule = "the hub must be asked what it would take, but HF_HUB_OFFLINE is set";
  require(!hub.isOffline, downloadAction(repository), rule);
  return await openSource(hub, repository, patience);
}

/** The shards that an index lists, as the snapshot has it or else the hub. */
async function askedShards(source: HubSource, index: string): Promise<string[]> {
  const { access, repository, snapshot: { commit, folder } } = source;
  if (await exists(`${folder}/${index}`)) return await listedShards(`${folder}/${index}`);
  const response = await hubFetch(access)(contentUrl(access, repository, commit, index));
  const name = `${index} of ${repositoryText(repository)}`;
  return shardsOf(parseIndex(await response.text(), name));
}
