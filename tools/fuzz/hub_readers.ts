import { assert, assertMatch } from "@std/assert";
import {
  findSnapshot,
  type Hub,
  hubOfEnvironment,
  isWholeModel,
  parseRepository,
  planFiles,
  planModel,
} from "../../lib/io/mod.ts";
import { changedJson } from "./changed_json.ts";
import type { Reader } from "./fuzz_reader.ts";
import { changedBytes } from "./mutations.ts";

const commit = "0123456789abcdef0123456789abcdef01234567";
const hash = commit.replaceAll("0", "f");
const repository = parseRepository("org/name")!;
const called = ["org/name"];

/** What the hub answers: of a model, its files, and an index of its weights. */
const answers = {
  info: { id: "org/name", sha: commit, private: false, gated: false, downloads: 1, likes: 2 },
  files: [
    { type: "file", path: "config.json", size: 20, oid: hash },
    { type: "file", path: "model.safetensors.index.json", size: 20, oid: hash },
    {
      ...{ type: "file", path: "a.safetensors", size: 3, oid: hash },
      lfs: { oid: hash.slice(0, 24) + hash, size: 3000, pointerSize: 130 },
    },
    { type: "directory", path: "onnx", size: 0, oid: hash },
  ],
  index: { weight_map: { a: "a.safetensors" } },
};

/** What of the environment says where the hub and its cache are. */
const variables = {
  HF_ENDPOINT: "https://huggingface.co/",
  HF_HUB_CACHE: "~/cache",
  HF_HOME: "",
  HF_HUB_OFFLINE: "yes",
};

/** What reads the answers of the hub, its cache, and where they are said to be. */
export const hubReaders: Record<string, Reader> = {
  hub: {
    file: "answers.json",
    called,
    prepare: () => changedJson(answers),
    async read(folder, input) {
      const hub: Hub = { endpoint: "http://hub", cache: `${folder}/cache`, isOffline: false };
      const patience = { pauseMilliseconds: 0, patienceMilliseconds: 1000 };
      await answering(input, async () => {
        const { files } = await planModel(hub, repository, patience);
        assert(files.every(({ file }) => Number.isSafeInteger(file.size) && file.size >= 0));
      });
      await answering(input, () => planFiles(hub, repository, ["a.safetensors"], patience));
    },
  },
  "hub cache": {
    file: "models--org--name/refs/main",
    called,
    async prepare(folder) {
      await Deno.mkdir(`${folder}/models--org--name/refs`, { recursive: true });
      await Deno.mkdir(`${folder}/models--org--name/snapshots/${commit}`, { recursive: true });
      return changedBytes(new TextEncoder().encode(`${commit}\n`));
    },
    async read(folder) {
      const snapshot = await findSnapshot(folder, repository);
      if (snapshot) assertMatch(snapshot.commit, /^[0-9a-f]{40}$/);
    },
  },
  "hub index": {
    file: "model.safetensors.index.json",
    async prepare(folder) {
      await Deno.writeTextFile(`${folder}/config.json`, "{}");
      return changedJson(answers.index);
    },
    read: isWholeModel,
  },
  environment: {
    file: "variables.json",
    called: ["HF_", "HOME"],
    prepare: () => changedJson(variables),
    read: (_, input) => inEnvironment(variablesOf(input), hubOfEnvironment),
  },
};

/** Does work while every address answers with one of these, or all of them if they are no JSON. */
async function answering(input: Uint8Array, work: () => Promise<unknown>): Promise<void> {
  const { fetch } = globalThis;
  const parts = partsOf(input);
  globalThis.fetch = (address) => {
    const { pathname } = new URL(String(address));
    const name = /\/resolve\//.test(pathname)
      ? "index"
      : /\/(tree|paths-info)\//.test(pathname)
      ? "files"
      : "info";
    const body = parts ? JSON.stringify(parts[name] ?? null) : Uint8Array.from(input);
    return Promise.resolve(new Response(body));
  };
  try {
    await work();
  } finally {
    globalThis.fetch = fetch;
  }
}

function partsOf(input: Uint8Array): Record<string, unknown> | undefined {
  try {
    const parts = JSON.parse(new TextDecoder().decode(input));
    return typeof parts === "object" && parts !== null ? parts : undefined;
  } catch {
    return undefined;
  }
}

/** The variables of an input as far as a system can have them. */
function variablesOf(input: Uint8Array): Record<string, string> {
  const isPossible = ([name, value]: [string, unknown]) =>
    Object.hasOwn(variables, name) && typeof value === "string" && !value.includes("\0");
  return Object.fromEntries(
    Object.entries(partsOf(input) ?? {}).filter(isPossible) as [string, string][],
  );
}

/** Does work where the environment has these variables, and no others of the same names. */
function inEnvironment(values: Record<string, string>, work: () => unknown): void {
  const before = Object.keys(variables).map((name) => [name, Deno.env.get(name)] as const);
  const set = (name: string, value?: string) =>
    value === undefined ? Deno.env.delete(name) : Deno.env.set(name, value);
  try {
    for (const name of Object.keys(variables)) set(name, values[name]);
    work();
  } finally {
    for (const [name, value] of before) set(name, value);
  }
}
