import { require } from "../core/mod.ts";
import { exists, readText } from "./files.ts";
import { typedPath } from "./typed_path.ts";

/** Where models and data sets come from, and where they are kept: as Python's huggingface_hub has it. */
export interface Hub {
  /** Address without a slash at the end. */
  endpoint: string;
  /** Folder. */
  cache: string;
  /** Whether nothing may be asked of it. */
  isOffline: boolean;
}

/**
 * What the environment says: HF_ENDPOINT, HF_HUB_CACHE or else the folder `hub` of HF_HOME,
 * HF_HUB_OFFLINE; HF_HOME is `huggingface` in XDG_CACHE_HOME or ~/.cache unless set. Paths count from where
 * the command was typed.
 *
 * @throws {InputError} If a variable has a value that cannot be used, or there is no home to look in.
 */
export function hubOfEnvironment(): Hub {
  const endpoint = (variable("HF_ENDPOINT") ?? "https://huggingface.co").replace(/\/+$/, "");
  const isAddress = /^https?:\/\/[^/]/.test(endpoint) && URL.canParse(endpoint);
  require(isAddress, "reach the hub", "HF_ENDPOINT must be an http address", endpoint);
  const cache = inHome(variable("HF_HUB_CACHE")) ?? `${settingsFolder()}/hub`;
  const isOffline = /^(1|on|yes|true)$/i.test(variable("HF_HUB_OFFLINE") ?? "");
  return { endpoint, cache, isOffline };
}

/**
 * The token that says whose access counts: HF_TOKEN, or the one that `hf auth login` has left in
 * HF_TOKEN_PATH or the file `token` of HF_HOME.
 *
 * @throws {InputError} If it cannot be read, or is not one word.
 */
export async function hubToken(): Promise<string | undefined> {
  const path = inHome(variable("HF_TOKEN_PATH")) ?? `${settingsFolder()}/token`;
  const given = variable("HF_TOKEN") ?? (await exists(path) ? await readText(path) : "");
  const token = given.trim();
  if (token === "") return undefined;
  require(/^[\x21-\x7e]+$/.test(token), "reach the hub", "HF_TOKEN must be one word in ASCII");
  return token;
}

function settingsFolder(): string {
  const caches = () => variable("XDG_CACHE_HOME") ?? `${home()}/.cache`;
  return inHome(variable("HF_HOME")) ?? `${caches()}/huggingface`;
}

/** An environment variable; one that is empty counts as not set. */
function variable(name: string): string | undefined {
  return Deno.env.get(name) || undefined;
}

function inHome(path: string | undefined): string | undefined {
  return path && typedPath(path.replace(/^~(?=\/|$)/, home));
}

function home(): string {
  const folder = variable("HOME") ?? variable("USERPROFILE");
  require(folder !== undefined, "find the hub's cache", "HF_HOME or HOME must be set");
  return folder;
}
