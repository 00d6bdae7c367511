import { assert, assertEquals, assertRejects } from "@std/assert";
import { InputError, silent } from "../../lib/core/mod.ts";
import { downloadFiles, downloadModel } from "../../lib/io/hub_download.ts";
import type { Hub } from "../../lib/io/hub_environment.ts";
import { listFolder } from "../../lib/io/hub_listing.ts";
import {
  downloadAction,
  type DownloadPlan,
  lookUp,
  missingBytes,
  openSource,
  planFiles,
  planModel,
} from "../../lib/io/hub_plan.ts";
import { parseRepository } from "../../lib/io/hub_repository.ts";
import { commit, HubServer, sha256Of } from "./hub_server.ts";
import { withFolder } from "./temporary_folder.ts";

const weights = crypto.getRandomValues(new Uint8Array(50_000));
const shard = crypto.getRandomValues(new Uint8Array(3000));
const index = JSON.stringify({
  weight_map: { a: "odd name.safetensors", b: "model-2.safetensors", c: "odd name.safetensors" },
});

const repositories = {
  "models/org/tiny": {
    "config.json": '{"model_type":"llama"}',
    "tokenizer.json": "{}",
    "README.md": "# tiny",
    "model.safetensors": weights,
    "pytorch_model.bin": shard,
  },
  "models/org/sharded": {
    "config.json": "{}",
    "model.safetensors.index.json": index,
    "odd name.safetensors": shard,
    "model-2.safetensors": "two",
    "model-00001-of-00002.safetensors": "not in the index",
  },
  "datasets/org/texts": { "en/test.parquet": "rows", "en/train.parquet": "more rows" },
};

const model = parseRepository("org/tiny")!;
const sharded = parseRepository("org/sharded")!;
const texts = parseRepository("org/texts", "dataset")!;
const options = { progress: silent, pauseMilliseconds: 1 };

/** Runs a test with a stand-in for the hub and a cache that does not exist yet. */
const withHub = (test: (server: HubServer, hub: Hub, cache: string) => Promise<void>) =>
  withFolder(async (folder) => {
    await using server = new HubServer(repositories);
    const cache = `${folder}/hub`;
    await test(server, { endpoint: server.url, cache, isOffline: false }, cache);
  });

const isThere = (path: string) => Deno.stat(path).then(() => true, () => false);

/** Path, size and bytes that are there of each file. */
const facts = ({ files }: DownloadPlan) =>
  files.map(({ file: { path, size }, there }) => [path, size, there]);

Deno.test("planModel() lists what downloadModel() brings, and asks for no content", () =>
  withHub(async (server, hub, cache) => {
    const plan = await planModel(hub, model, options);
    assertEquals(plan.commit, commit);
    assertEquals(facts(plan), [
      ["config.json", 22, 0],
      ["tokenizer.json", 2, 0],
      ["model.safetensors", 50_000, 0],
    ]);
    assertEquals(missingBytes(plan.files), 50_024);
    assertEquals(server.asked.some(({ path }) => path.includes("/resolve/")), false);
    assertEquals(await isThere(cache), false);

    const { folder } = await downloadModel(hub, model, options);
    const brought = Array.from(Deno.readDirSync(folder), ({ name }) => name).sort();
    assertEquals(plan.files.map(({ file }) => file.path).sort(), brought);
    const after = await planModel(hub, model, options);
    assertEquals(missingBytes(after.files), 0);
    assert(after.files.every(({ isLinked }) => isLinked));
  }));

Deno.test("planModel() lists the shards of an index, which alone it asks for", () =>
  withHub(async (server, hub, cache) => {
    const plan = await planModel(hub, sharded, options);
    assertEquals(facts(plan), [
      ["config.json", 2, 0],
      ["model.safetensors.index.json", index.length, 0],
      ["model-2.safetensors", 3, 0],
      ["odd name.safetensors", 3000, 0],
    ]);
    assertEquals(missingBytes(plan.files), 2 + index.length + 3 + 3000);
    const contents = () => server.asked.filter(({ path }) => path.includes("/resolve/")).length;
    assertEquals(contents(), server.contents("model.safetensors.index.json").length);
    assertEquals(await isThere(cache), false);

    const { folder } = await downloadModel(hub, sharded, options);
    const before = contents();
    await Deno.remove(`${folder}/model-2.safetensors`); // its blob stays
    const after = await planModel(hub, sharded, options);
    assertEquals(missingBytes(after.files), 0);
    assertEquals(after.files.map(({ isLinked }) => isLinked), [true, true, false, true]);
    assertEquals(contents(), before);
  }));

Deno.test("planModel() counts what an interrupted download has left, if it can be gone on with", () =>
  withHub(async (_server, hub, cache) => {
    const blobs = `${cache}/models--org--tiny/blobs`;
    await Deno.mkdir(blobs, { recursive: true });
    for (const [left, there] of [[1234, 1234], [50_000, 50_000], [50_001, 0]]) {
      const partial = `${blobs}/${sha256Of(weights)}.incomplete`;
      await Deno.writeFile(partial, new Uint8Array(left));
      const { files } = await planModel(hub, model, options);
      assertEquals([files[2].there, missingBytes(files)], [there, 50_024 - there]);
      assertEquals((await Deno.stat(partial)).size, left);
    }
  }));

Deno.test("planModel() refuses what is no model, a broken index and a hub that must not be asked", () =>
  withHub(async (server, hub) => {
    const refused = async (message: string, of = hub, repository = sharded) => {
      const { message: said } = await assertRejects(
        () => planModel(of, repository, options),
        InputError,
      );
      assertEquals(said, message);
    };
    await refused(
      "Cannot download org/sharded: the hub must be asked what it would take, but " +
        "HF_HUB_OFFLINE is set",
      { ...hub, isOffline: true },
    );
    assertEquals(server.asked, []);
    server.intercept = ({ path }) =>
      path.endsWith("index.json") ? new Response('{"weight_map":{"a":"../b"}}') : undefined;
    await refused(
      "Cannot read model.safetensors.index.json of org/sharded: weight_map must name a file in " +
        'the same folder for a, got "../b"',
    );
    server.intercept = ({ path }) =>
      path.endsWith("index.json") ? new Response('{"weight_map":{"a":"gone"}}') : undefined;
    await refused(
      'Cannot download org/sharded: the repository must have the files, got ["gone"]',
    );
  }));

Deno.test("planFiles() lists the files of a data set, and refuses one that is not there", () =>
  withHub(async (_server, hub, cache) => {
    const paths = ["en/test.parquet", "en/train.parquet"];
    const plan = await planFiles(hub, texts, paths, options);
    assertEquals(facts(plan), [["en/test.parquet", 4, 0], ["en/train.parquet", 9, 0]]);
    assertEquals(await isThere(cache), false);
    await downloadFiles(hub, texts, ["en/test.parquet"], options);
    assertEquals(missingBytes((await planFiles(hub, texts, paths, options)).files), 9);
    await assertRejects(
      () => planFiles(hub, texts, ["en/none"], options),
      InputError,
      'Cannot download org/texts: the repository must have the files, got ["en/none"]',
    );
  }));

Deno.test("missingBytes() counts a content once", () =>
  withHub(async (_server, hub) => {
    const { files } = await planModel(hub, model, options);
    assertEquals(missingBytes([...files, ...files]), 50_024);
    assertEquals(missingBytes([]), 0);
  }));

Deno.test("lookUp() looks where openSource() says that the cache has a commit's files", () =>
  withHub(async (_server, hub, cache) => {
    const source = await openSource(hub, model, options);
    assertEquals(source.access.action, downloadAction(model));
    const listing = await listFolder(source.access, model, commit);
    const [before] = await lookUp(source, listing, ["config.json"]);
    assertEquals([before.isLinked, before.there], [false, 0]);
    const path = `${cache}/models--org--tiny/snapshots/${commit}`;
    assertEquals(source.snapshot, { commit, folder: path });
    await Deno.mkdir(path, { recursive: true });
    await Deno.writeTextFile(`${path}/config.json`, "");
    const [after] = await lookUp(source, listing, ["config.json"]);
    assertEquals([after.isLinked, after.there], [true, 22]);
  }));
