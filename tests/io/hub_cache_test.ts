import { assertEquals, assertRejects } from "@std/assert";
import { InputError } from "../../lib/core/mod.ts";
import {
  blobPlace,
  findSnapshot,
  hubOrigin,
  linkBlob,
  rememberCommit,
  snapshotOf,
} from "../../lib/io/hub_cache.ts";
import type { HubRepository } from "../../lib/io/hub_repository.ts";
import { withFolder } from "./temporary_folder.ts";

const commit = "a".repeat(40);
const model: HubRepository = { kind: "model", name: "org/tiny", revision: "main" };

Deno.test("blobPlace() is where Python's huggingface_hub has blobs and locks", () => {
  assertEquals(blobPlace("/hub", { ...model, kind: "dataset" }, "abc"), {
    blob: "/hub/datasets--org--tiny/blobs/abc",
    lock: "/hub/.locks/datasets--org--tiny/abc.lock",
  });
});

Deno.test("hubOrigin() knows what lies in a snapshot, and nothing else", () => {
  const snapshot = `/hub/models--org--tiny-2/snapshots/${commit}`;
  const origin = { repository: "org/tiny-2", commit };
  for (const path of [snapshot, `${snapshot}/`, `${snapshot}/config.json`]) {
    assertEquals(hubOrigin(path), origin);
  }
  const data = `datasets--org--tiny-2/snapshots/${commit}/en/a`;
  assertEquals(hubOrigin(data), origin);
  for (
    const path of ["/models/org--tiny", `${snapshot}0`, `/hub/models--org/snapshots/${commit}`]
  ) {
    assertEquals(hubOrigin(path), undefined);
  }
});

Deno.test("findSnapshot() follows a branch to its commit", () =>
  withFolder(async (cache) => {
    const at = (revision: string) => findSnapshot(cache, { ...model, revision });
    assertEquals(await at("main"), undefined);
    await rememberCommit(cache, model, commit);
    assertEquals(await at("main"), undefined, "nothing of it has been downloaded");
    const snapshot = snapshotOf(cache, model, commit);
    assertEquals(snapshot.folder, `${cache}/models--org--tiny/snapshots/${commit}`);
    await Deno.mkdir(snapshot.folder, { recursive: true });
    assertEquals(await at("main"), snapshot);
    assertEquals(await at(commit), snapshot);
    assertEquals(await at("b".repeat(40)), undefined);
    assertEquals(await at("v1"), undefined);
  }));

Deno.test("findSnapshot() refuses a cache that is a file", () =>
  withFolder(async (folder) => {
    await Deno.writeTextFile(`${folder}/file`, "");
    await assertRejects(
      () => findSnapshot(`${folder}/file`, model),
      InputError,
      "Cannot look up org/tiny: the hub's cache, HF_HUB_CACHE or in HF_HOME, must be a folder, " +
        `got ${JSON.stringify(`${folder}/file`)}`,
    );
  }));

Deno.test("findSnapshot() takes no reference that is no commit", () =>
  withFolder(async (cache) => {
    await Deno.mkdir(`${cache}/models--org--tiny/refs`, { recursive: true });
    await Deno.mkdir(`${cache}/models--org--tiny/snapshots`);
    await Deno.writeTextFile(`${cache}/models--org--tiny/refs/main`, "../../elsewhere");
    assertEquals(await findSnapshot(cache, model), undefined);
  }));

Deno.test("rememberCommit() moves a branch on, and notes no commit by itself", () =>
  withFolder(async (cache) => {
    const ref = `${cache}/models--org--tiny/refs/refs/convert/parquet`;
    const parquet = { ...model, revision: "refs/convert/parquet" };
    await rememberCommit(cache, parquet, "b".repeat(40));
    await rememberCommit(cache, parquet, commit);
    assertEquals(await Deno.readTextFile(ref), commit);
    const { mtime } = await Deno.stat(ref);
    await rememberCommit(cache, parquet, commit);
    assertEquals((await Deno.stat(ref)).mtime, mtime, "a cache that is read-only stays usable");
    await rememberCommit(cache, { ...model, revision: commit }, commit);
    await assertRejects(() => Deno.stat(`${cache}/models--org--tiny/refs/${commit}`));
  }));

Deno.test("linkBlob() makes a relative link, also where a broken one is", () =>
  withFolder(async (folder) => {
    await Deno.mkdir(`${folder}/blobs`);
    await Deno.writeTextFile(`${folder}/blobs/a`, "content");
    const path = `${folder}/snapshots/${commit}/en/a.txt`;
    await linkBlob(`${folder}/blobs/gone`, path);
    await linkBlob(`${folder}/blobs/a`, path);
    assertEquals(await Deno.readLink(path), "../../../blobs/a");
    assertEquals(await Deno.readTextFile(path), "content");
  }));

Deno.test("linkBlob() is never in the way of whoever reads the name", () =>
  withFolder(async (folder) => {
    await Deno.writeTextFile(`${folder}/blob`, "content");
    const path = `${folder}/snapshot/a`;
    await linkBlob(`${folder}/blob`, path);
    let isDone = false;
    const linking = Promise.all(Array.from({ length: 50 }, () => linkBlob(`${folder}/blob`, path)))
      .finally(() => isDone = true);
    while (!isDone) assertEquals(await Deno.readTextFile(path), "content");
    await linking;
    assertEquals(Array.from(Deno.readDirSync(`${folder}/snapshot`), ({ name }) => name), ["a"]);
  }));

Deno.test({
  name: "linkBlob() puts the blob itself where there may be no links",
  permissions: { read: true, write: [Deno.env.get("TMPDIR") ?? "/tmp"] },
  fn: () =>
    withFolder(async (folder) => {
      await Deno.writeTextFile(`${folder}/blob`, "content");
      await linkBlob(`${folder}/blob`, `${folder}/a`);
      assertEquals((await Deno.lstat(`${folder}/a`)).isFile, true);
    }),
});

Deno.test("linkBlob() refuses a path that cannot be written", () =>
  withFolder(async (folder) => {
    await Deno.writeTextFile(`${folder}/file`, "");
    const path = `${folder}/file/a`;
    await assertRejects(() => linkBlob(`${folder}/a`, path), InputError, `Cannot write ${path}: `);
  }));
