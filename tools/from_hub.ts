import {
  type DownloadOptions,
  type DownloadPlan,
  findSnapshot,
  type Hub,
  hubOfEnvironment,
  type HubRepository,
  type Snapshot,
} from "../lib/io/mod.ts";
import { refuse } from "../lib/core/mod.ts";

/** Something of a repository of the hub. */
export interface Wanted {
  repository: HubRepository;
  /** Whether the folder of a snapshot has it. */
  isWhole(folder: string): Promise<boolean>;
  /** What messages add where it has something else that can be asked for. */
  hintOf?(folder: string): Promise<string>;
  download(hub: Hub, options: DownloadOptions): Promise<Snapshot>;
  /** What a download would bring. */
  plan(hub: Hub, options: DownloadOptions): Promise<DownloadPlan>;
  /** What messages call it, what else of that name it could be, and how `deno task download` is asked for it. */
  name: string;
  otherwise: string;
  request: string;
}

/** How something of the hub is looked for. */
export interface HubOptions extends DownloadOptions {
  /** Nothing is downloaded, nor asked about. */
  isDry?: boolean;
}

/**
 * The folder of a snapshot that has what is wanted: from the cache or, where this process may use the
 * network and write files or is allowed to on the terminal, from the hub.
 *
 * @throws {InputError} If the cache does not have it and it cannot be downloaded.
 */
export async function fromHub(wanted: Wanted, options: HubOptions): Promise<string> {
  const hub = hubOfEnvironment();
  const snapshot = await findSnapshot(hub.cache, wanted.repository);
  if (snapshot && await wanted.isWhole(snapshot.folder)) return snapshot.folder;
  if (options.isDry) {
    const rule =
      `it must be ${wanted.otherwise} or in the cache ${hub.cache} for --dry-run, which ` +
      `downloads nothing; what a download takes says: deno task download --dry-run`;
    refuse(`plan with ${wanted.name}`, `${rule} ${wanted.request}`);
  }
  if (!hub.isOffline && await mayDownload(wanted)) {
    return (await wanted.download(hub, options)).folder;
  }
  const hint = snapshot && await wanted.hintOf?.(snapshot.folder);
  const way = hub.isOffline ? "get it without HF_HUB_OFFLINE by" : "get it with";
  const advice = hint || `; ${way}: deno task download ${wanted.request}`;
  refuse(
    `open ${wanted.name}`,
    `it must be ${wanted.otherwise} or in the cache ${hub.cache}${advice}`,
  );
}

/** What a download needs. */
const needed: Deno.PermissionDescriptor[] = [{ name: "net" }, { name: "write" }];

/** Whether downloading is allowed; where there is somebody to ask, that is asked. */
async function mayDownload({ name }: Wanted): Promise<boolean> {
  const states = await Promise.all(needed.map((each) => Deno.permissions.query(each)));
  if (states.every(({ state }) => state === "granted")) return true;
  if (!Deno.stdin.isTerminal() || !Deno.stderr.isTerminal()) return false;
  console.error(`${name} is not in the cache. To download it takes the network and writes files.`);
  for (const each of needed) {
    if ((await Deno.permissions.request(each)).state !== "granted") return false;
  }
  return true;
}
