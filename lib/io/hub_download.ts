import { counted, type Progress, require } from "../core/mod.ts";
import { attempt, exists } from "./files.ts";
import { freeBytes } from "./free_bytes.ts";
import { downloadBlob } from "./hub_blob.ts";
import { findSnapshot, linkBlob, rememberCommit, type Snapshot } from "./hub_cache.ts";
import type { Hub } from "./hub_environment.ts";
import { contentUrl, type HubListing, listFolder, listPaths } from "./hub_listing.ts";
import { HubMeter } from "./hub_meter.ts";
import { chooseModelFiles, isWholeModel, listedShards } from "./hub_model_files.ts";
import {
  downloadAction,
  type HubPatience,
  type HubSource,
  lookUp,
  missingBytes,
  openSource,
  type WantedFile,
} from "./hub_plan.ts";
import { type HubRepository, repositoryText } from "./hub_repository.ts";

/** How a download goes about it. */
export interface DownloadOptions extends HubPatience {
  /** In megabytes. */
  progress: Progress;
}

/** A repository at a commit, whose files are downloaded. */
interface Download extends HubSource {
  progress: Progress;
}

/**
 * Downloads what the cache lacks of a model: its settings, its tokenizer and its weights in one form,
 * safetensors or else PyTorch's .bin. The revision counts as downloaded once all of them are there.
 *
 * @throws {InputError} If the hub refuses or cannot be reached, the repository is of no model that can be
 *   read, or the cache cannot be written to. What has been downloaded stays.
 */
export function downloadModel(
  hub: Hub,
  repository: HubRepository,
  options: DownloadOptions,
): Promise<Snapshot> {
  return download(hub, repository, options, {
    isWhole: isWholeModel,
    async fetch(download) {
      const { access, snapshot } = download;
      const files = await listFolder(access, repository, snapshot.commit);
      const { settings, weights } = chooseModelFiles([...files.keys()], access.action);
      const index = "index" in weights ? [weights.index] : [];
      await fetchFiles(download, files, [...settings, ...index], "settings");
      const parts = "index" in weights
        ? await listedShards(`${snapshot.folder}/${weights.index}`)
        : [weights.file];
      await fetchFiles(download, files, parts, "weights");
    },
  });
}

/**
 * Downloads what the cache lacks of some files of a repository.
 *
 * @throws {InputError} As {@linkcode downloadModel}, or if the repository lacks a file.
 */
export function downloadFiles(
  hub: Hub,
  repository: HubRepository,
  paths: readonly string[],
  options: DownloadOptions,
): Promise<Snapshot> {
  return download(hub, repository, options, {
    isWhole: (folder) => hasFiles(folder, paths),
    async fetch(download) {
      const { access, snapshot } = download;
      const files = await listPaths(access, repository, snapshot.commit, paths);
      await fetchFiles(download, files, paths, "data");
    },
  });
}

/** Whether a folder has files by these paths. */
export async function hasFiles(folder: string, paths: readonly string[]): Promise<boolean> {
  const areThere = await Promise.all(paths.map((path) => exists(`${folder}/${path}`)));
  return areThere.every(Boolean);
}

/** What is wanted of a repository. */
interface Wanted {
  /** Whether the folder of a snapshot has it. */
  isWhole(folder: string): Promise<boolean>;
  /** Brings it there. */
  fetch(download: Download): Promise<void>;
}

async function download(
  hub: Hub,
  repository: HubRepository,
  { progress, ...patience }: DownloadOptions,
  { isWhole, fetch }: Wanted,
): Promise<Snapshot> {
  const { cache } = hub;
  if (hub.isOffline) {
    const snapshot = await findSnapshot(cache, repository);
    const isThere = snapshot !== undefined && await isWhole(snapshot.folder);
    const rule = `${cache} must have it while HF_HUB_OFFLINE is set`;
    require(isThere, downloadAction(repository), rule);
    return snapshot;
  }
  const source = await openSource(hub, repository, patience);
  await fetch({ ...source, progress });
  await rememberCommit(cache, repository, source.snapshot.commit);
  return source.snapshot;
}

/** Downloads files that the snapshot lacks. */
async function fetchFiles(
  download: Download,
  listing: HubListing,
  paths: readonly string[],
  what: string,
): Promise<void> {
  const { cache, repository, access, snapshot, progress } = download;
  const lacking = (await lookUp(download, listing, paths)).filter(({ isLinked }) => !isLinked);
  if (lacking.length === 0) return;
  await attempt(`write to ${cache}`, () => Deno.mkdir(cache, { recursive: true }));
  await requireRoom(lacking, cache, access.action);
  const sizes = new Map(lacking.map(({ file, place }) => [place.blob, file.size])); // what is equal comes once
  const total = sizes.values().reduce((sum, size) => sum + size, 0);
  const meter = new HubMeter(progress, `${repositoryText(repository)} ${what}`, total);
  for (const { file, place, there } of lacking) {
    if (sizes.delete(place.blob)) meter.begin(there);
    const url = contentUrl(access, repository, snapshot.commit, file.path);
    const hear = (bytes: number) => meter.update(bytes, file.path);
    await downloadBlob(access, url, file, place, hear);
    await linkBlob(place.blob, `${snapshot.folder}/${file.path}`);
  }
  meter.finish();
}

async function requireRoom(
  files: readonly WantedFile[],
  cache: string,
  action: string,
): Promise<void> {
  const needed = missingBytes(files);
  const free = await freeBytes(cache);
  const rule = `the disk of ${cache} must have room for ${counted(needed, "byte")}`;
  require(free === undefined || needed <= free, action, rule, free);
}
