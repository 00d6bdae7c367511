import { assertEquals, assertRejects } from "@std/assert";
import { InputError, silent } from "../../lib/core/mod.ts";
import { type HubRepository, writeAtomically } from "../../lib/io/mod.ts";
import { fromHub, type Wanted } from "../../tools/from_hub.ts";
import { withFolder } from "../io/temporary_folder.ts";

const commit = "a".repeat(40);
const repository: HubRepository = { kind: "model", name: "org/tiny", revision: "main" };

/** Wants a file of a repository; what is downloaded is told. */
function wantedFile(downloaded: string[]): Wanted {
  return {
    repository,
    isWhole: (folder) => Deno.stat(`${folder}/a`).then(() => true, () => false),
    download(hub) {
      downloaded.push(hub.cache);
      return Promise.resolve({ commit, folder: "/downloaded" });
    },
    plan: () => Promise.reject(new Error("is not asked for")),
    ...{ name: "a thing", otherwise: "a file", request: "org/tiny" },
  };
}

/** Runs a test that looks for the file in a cache of its own. */
const withCache = (
  test: (
    find: (isDry?: boolean) => Promise<string>,
    downloaded: string[],
    cache: string,
  ) => Promise<void>,
) =>
  withFolder(async (cache) => {
    const before = Deno.env.get("HF_HUB_CACHE");
    Deno.env.set("HF_HUB_CACHE", cache);
    const downloaded: string[] = [];
    try {
      await test(
        (isDry) => fromHub(wantedFile(downloaded), { progress: silent, isDry }),
        downloaded,
        cache,
      );
    } finally {
      if (before === undefined) Deno.env.delete("HF_HUB_CACHE");
      else Deno.env.set("HF_HUB_CACHE", before);
    }
  });

Deno.test("fromHub() takes a snapshot that has what is wanted, and no other", () =>
  withCache(async (find, downloaded, cache) => {
    const message = `Cannot open a thing: it must be a file or in the cache ${cache}; ` +
      "get it with: deno task download org/tiny";
    const refused = async () => {
      const error = await assertRejects(find, InputError);
      assertEquals(error.message, message);
    };
    await refused();
    const folder = `${cache}/models--org--tiny/snapshots/${commit}`;
    await writeAtomically(`${cache}/models--org--tiny/refs/main`, commit);
    await Deno.mkdir(folder, { recursive: true });
    await refused();
    await Deno.writeTextFile(`${folder}/a`, "");
    assertEquals(await find(), folder);
    assertEquals(downloaded, []);
  }));

Deno.test({
  name: "fromHub() downloads where the network and files may be used",

  fn: () =>
    withCache(async (find, downloaded, cache) => {
      const { query } = Deno.permissions;
      Deno.permissions.query = () => Promise.resolve({ state: "granted" } as Deno.PermissionStatus);
      try {
        await assertRejects(() => find(true), InputError, "for --dry-run, which downloads nothing");
        assertEquals(downloaded, []);
        assertEquals(await find(), "/downloaded");
        assertEquals(downloaded, [cache]);
        Deno.env.set("HF_HUB_OFFLINE", "1");
        await assertRejects(find, InputError);
        assertEquals(downloaded, [cache]);
      } finally {
        Deno.env.delete("HF_HUB_OFFLINE");
        Deno.permissions.query = query;
      }
    }),
});
