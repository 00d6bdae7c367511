import type { ListFileEntry, PathInfo } from "npm:@huggingface/hub@2.17.5";
import { InputError, refuse, require } from "../core/mod.ts";
import type { HubFile } from "./hub_blob.ts";
import { type HubRepository, isCommit } from "./hub_repository.ts";
import { type HubAccess, hubFetch } from "./hub_request.ts";

/** Files of a repository by their paths. */
export type HubListing = ReadonlyMap<string, HubFile>;

/**
 * The commit that the revision of a repository is at.
 *
 * @throws {InputError} If the hub does not know it, or cannot be reached.
 */
export async function resolveCommit(
  access: HubAccess,
  { kind, name, revision }: HubRepository,
): Promise<string> {
  if (isCommit(revision)) return revision;
  const { modelInfo, datasetInfo } = await hubPackage();
  return await understood(access, async () => {
    const query = { name, revision, additionalFields: ["sha" as const], ...askedBy(access) };
    const { sha } = await (kind === "model" ? modelInfo(query) : datasetInfo(query));
    require(isCommit(sha), access.action, "the hub must name a commit", sha);
    return sha;
  });
}

/**
 * The files in the first folder of a repository at a commit.
 *
 * @throws {InputError} If the hub has no such repository or commit, or cannot be reached.
 */
export async function listFolder(
  access: HubAccess,
  repository: HubRepository,
  commit: string,
): Promise<HubListing> {
  const { listFiles } = await hubPackage();
  const query = { repo: designation(repository), revision: commit, ...askedBy(access) };
  return await understood(access, async () => listing(await Array.fromAsync(listFiles(query))));
}

/**
 * Some files of a repository at a commit; those that it lacks are left out.
 *
 * @throws {InputError} If the hub has no such repository or commit, or cannot be reached.
 */
export async function listPaths(
  access: HubAccess,
  repository: HubRepository,
  commit: string,
  paths: readonly string[],
): Promise<HubListing> {
  const { pathsInfo } = await hubPackage();
  const query = { repo: designation(repository), revision: commit, ...askedBy(access) };
  return await understood(access, async () => (
    listing(await pathsInfo({ ...query, paths: [...paths] }))
  ));
}

/** The address of a file at a commit. */
export function contentUrl(
  { endpoint }: HubAccess,
  { kind, name }: HubRepository,
  commit: string,
  path: string,
): string {
  const place = kind === "dataset" ? `datasets/${name}` : name;
  const escaped = path.split("/").map(encodeURIComponent).join("/");
  return `${endpoint}/${place}/resolve/${commit}/${escaped}`;
}

/** Loaded where something is asked, since it is large. */
function hubPackage() {
  return import("npm:@huggingface/hub@2.17.5");
}

function designation({ kind, name }: HubRepository) {
  return { type: kind, name };
}

/** What a query asks by, page after page: one may name itself as the next. */
function askedBy(access: HubAccess): { hubUrl: string; fetch: typeof fetch } {
  const ask = hubFetch(access);
  let pages = 0;
  return {
    hubUrl: access.endpoint,
    fetch(...page) {
      const rule = `${access.endpoint} must answer in at most ${mostPages} pages`;
      require(++pages <= mostPages, access.action, rule);
      return ask(...page);
    },
  };
}

/** Of a thousand files each. */
const mostPages = 100;

/** Whatever the package makes of an answer that is not what the hub says is an input error. */
async function understood<Result>(
  { action, endpoint, signal }: HubAccess,
  work: () => Promise<Result>,
): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    signal?.throwIfAborted();
    const isOurs = error instanceof InputError || error instanceof Deno.errors.NotCapable;
    if (isOurs) throw error;
    refuse(action, `${endpoint} must answer as the hub does`, (error as Error).message);
  }
}

function listing(entries: readonly (ListFileEntry | PathInfo)[]): HubListing {
  const files = entries.filter(({ type }) => type === "file").map(fileOf);
  return new Map(files.map((file) => [file.path, file]));
}

/** Large files are known by their SHA-256, those that git keeps by the hash that git has for them. */
function fileOf({ path, size, oid, lfs }: ListFileEntry | PathInfo): HubFile {
  const file = { path, size: lfs?.size ?? size, hash: lfs?.oid ?? oid ?? "" };
  const isValid = typeof path === "string" && Number.isSafeInteger(file.size) && file.size >= 0 &&
    /^([0-9a-f]{40}|[0-9a-f]{64})$/.test(file.hash);
  if (!isValid) throw new Error(`${path} has no path, size or hash`);
  return file;
}
