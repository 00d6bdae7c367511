import { assert, assertEquals, assertRejects } from "@std/assert";
import { InputError, type Progress, silent } from "../../lib/core/mod.ts";
import { downloadFiles, downloadModel, hasFiles } from "../../lib/io/hub_download.ts";
import type { Hub } from "../../lib/io/hub_environment.ts";
import { parseRepository } from "../../lib/io/hub_repository.ts";
import {
  answerRange,
  broken,
  commit,
  failure,
  gitHash,
  HubServer,
  type Repositories,
  sha256Of,
} from "./hub_server.ts";
import { withFolder } from "./temporary_folder.ts";

const weights = crypto.getRandomValues(new Uint8Array(50_000));
const twin = new Uint8Array(300_000);
const model = parseRepository("org/tiny")!;

const repositories: Repositories = {
  "models/org/tiny": {
    "config.json": '{"model_type":"llama"}',
    "tokenizer.json": "{}",
    "tokenizer_config.json": "{ }",
    "README.md": "# tiny",
    "model.safetensors": weights,
    "pytorch_model.bin": crypto.getRandomValues(new Uint8Array(2000)),
    "flax_model.msgpack": crypto.getRandomValues(new Uint8Array(2000)),
    "onnx/model.onnx": crypto.getRandomValues(new Uint8Array(2000)),
  },
  "models/org/sharded": {
    "config.json": "{}",
    "model.safetensors.index.json": JSON.stringify({
      weight_map: { a: "model-1.safetensors", b: "model-2.safetensors", c: "model-1.safetensors" },
    }),
    "model-1.safetensors": "one",
    "model-2.safetensors": "two",
    "consolidated.safetensors": "not wanted",
  },
  "datasets/org/twins": { "a": twin, "b": twin, "c": twin.subarray(0, 200_000) },
  "datasets/org/texts": { "en/test.parquet": "rows", "en/train.parquet": "more rows" },
};

/** Runs a test with a stand-in for the hub and an empty cache. */
const withHub = (test: (server: HubServer, hub: Hub, cache: string) => Promise<void>) =>
  withFolder(async (cache) => {
    await using server = new HubServer(repositories);
    await test(server, { endpoint: server.url, cache, isOffline: false }, cache);
  });

const options = { progress: silent, pauseMilliseconds: 1 };

const blob = (cache: string, hash: string) => `${cache}/models--org--tiny/blobs/${hash}`;

const namesIn = (folder: string) => Array.from(Deno.readDirSync(folder), ({ name }) => name).sort();

Deno.test("downloadModel() fetches what a model needs, in the layout of Python's cache", () =>
  withHub(async (server, hub, cache) => {
    const snapshot = await downloadModel(hub, model, options);
    const folder = `${cache}/models--org--tiny`;
    assertEquals(snapshot, { commit, folder: `${folder}/snapshots/${commit}` });
    assertEquals(namesIn(snapshot.folder), [
      "config.json",
      "model.safetensors",
      "tokenizer.json",
      "tokenizer_config.json",
    ]);
    assertEquals(await Deno.readFile(`${snapshot.folder}/model.safetensors`), weights);
    assertEquals(
      await Deno.readLink(`${snapshot.folder}/model.safetensors`),
      `../../blobs/${sha256Of(weights)}`,
    );
    assertEquals(
      await Deno.readLink(`${snapshot.folder}/config.json`),
      `../../blobs/${gitHash('{"model_type":"llama"}')}`,
    );
    assertEquals(await Deno.readTextFile(`${folder}/refs/main`), commit);
    assertEquals(namesIn(`${folder}/blobs`).some((name) => name.includes("incomplete")), false);

    const before = server.asked.length;
    assertEquals(await downloadModel(hub, model, options), snapshot);
    assertEquals(server.asked.slice(before).some(({ path }) => path.includes("resolve")), false);
  }));

Deno.test("downloadModel() fetches the shards that an index lists, and no others", () =>
  withHub(async (_server, hub) => {
    const { folder } = await downloadModel(hub, parseRepository("org/sharded")!, options);
    assertEquals(namesIn(folder), [
      "config.json",
      "model-1.safetensors",
      "model-2.safetensors",
      "model.safetensors.index.json",
    ]);
  }));

Deno.test("downloadFiles() fetches some files of a data set", () =>
  withHub(async (_server, hub, cache) => {
    const texts = parseRepository("org/texts@refs/convert/parquet", "dataset")!;
    const { folder } = await downloadFiles(hub, texts, ["en/test.parquet"], options);
    assertEquals(folder, `${cache}/datasets--org--texts/snapshots/${commit}`);
    assertEquals(await Deno.readTextFile(`${folder}/en/test.parquet`), "rows");
    assertEquals(
      await Deno.readLink(`${folder}/en/test.parquet`),
      `../../../blobs/${gitHash("rows")}`,
    );
    const ref = `${cache}/datasets--org--texts/refs/refs/convert/parquet`;
    assertEquals(await Deno.readTextFile(ref), commit);
    assertEquals(await hasFiles(folder, ["en/test.parquet"]), true);
    assertEquals(await hasFiles(folder, ["en/test.parquet", "en/train.parquet"]), false);
    await assertRejects(
      () => downloadFiles(hub, texts, ["en/none.parquet"], options),
      InputError,
      "Cannot download org/texts@refs/convert/parquet: the repository must have the files, " +
        'got ["en/none.parquet"]',
    );
  }));

Deno.test("downloadFiles() counts what several files share once, as it comes once", () =>
  withHub(async (server, hub) => {
    const shown: unknown[] = [];
    const progress: Progress = {
      start: (label, total) => shown.push(label, total),
      update: (done) => done !== shown.at(-1) && shown.push(done),
      finish() {},
      say() {},
    };
    const twins = parseRepository("org/twins", "dataset")!;
    const { folder } = await downloadFiles(hub, twins, ["a", "b", "c"], { ...options, progress });
    for (const name of ["a", "b"]) assertEquals(await Deno.readFile(`${folder}/${name}`), twin);
    assertEquals(server.asked.filter(({ host }) => host === "cdn").length, 2);
    assertEquals(shown.slice(0, 2), ["org/twins data, MB", 0.5]);
    const steps = shown.slice(2) as number[];
    assertEquals(steps.toSorted((one, other) => one - other), steps);
    assertEquals(steps.at(-1), 0.5);
  }));

Deno.test("downloadModel() goes on where the connection broke, however often, if bytes come", () =>
  withHub(async (server, hub) => {
    const ends = [1, 2, 3, 4, 5, 6, 7].map((piece) => 5000 * piece);
    const starts = [0, ...ends];
    server.intercept = interceptCdn(({ range }) => {
      const start = Number(range?.slice("bytes=".length, -1));
      const end = ends.shift();
      if (end === undefined) return undefined;
      const headers = { "Content-Range": `bytes ${start}-${weights.length - 1}/${weights.length}` };
      return broken(weights.slice(start, end), headers, 206);
    });
    const { folder } = await downloadModel(hub, model, options);
    assertEquals(await Deno.readFile(`${folder}/model.safetensors`), weights);
    const ranges = server.asked.filter(({ host }) => host === "cdn").map(({ range }) => range);
    assertEquals(ranges, starts.map((start) => `bytes=${start}-`));
    assertEquals(new Set(server.asked.map(({ encoding }) => encoding)), new Set(["identity"]));
  }));

/** Leaves the requests to the hub itself alone. */
function interceptCdn(intercept: HubServer["intercept"]): HubServer["intercept"] {
  return (asked) => asked.host === "cdn" ? intercept(asked) : undefined;
}

Deno.test("downloadModel() goes on with what a killed process has left", () =>
  withHub(async (server, hub, cache) => {
    const partial = `${blob(cache, sha256Of(weights))}.incomplete`;
    await Deno.mkdir(`${cache}/models--org--tiny/blobs`, { recursive: true });
    await Deno.writeFile(partial, weights.subarray(0, 20_000));
    await downloadModel(hub, model, options);
    const [{ range }] = server.asked.filter(({ host }) => host === "cdn");
    assertEquals(range, "bytes=20000-");
  }));

Deno.test("downloadModel() begins anew where a server does not know ranges", () =>
  withHub(async (server, hub, cache) => {
    await Deno.mkdir(`${cache}/models--org--tiny/blobs`, { recursive: true });
    await Deno.writeFile(`${blob(cache, sha256Of(weights))}.incomplete`, new Uint8Array(20_000));
    server.intercept = interceptCdn(() => new Response(weights));
    const { folder } = await downloadModel(hub, model, options);
    assertEquals(await Deno.readFile(`${folder}/model.safetensors`), weights);
  }));

Deno.test("downloadModel() gives up a connection that keeps breaking, and keeps what came", () =>
  withHub(async (server, hub, cache) => {
    server.intercept = interceptCdn(({ range }) =>
      range === "bytes=0-" ? broken(weights.slice(0, 100)) : broken(new Uint8Array(0), {
        "Content-Range": "bytes 100-49999/50000",
      }, 206)
    );
    await assertRejects(
      () => downloadModel(hub, model, options),
      InputError,
      `Cannot download org/tiny: ${server.url} must be reachable, got `,
    );
    const partial = `${blob(cache, sha256Of(weights))}.incomplete`;
    assertEquals((await Deno.stat(partial)).size, 100);
    assertEquals(server.asked.filter(({ host }) => host === "cdn").length, 5);
  }));

Deno.test("downloadModel() refuses content of another hash, and removes it", () =>
  withHub(async (server, hub, cache) => {
    const other = weights.slice();
    other[49_999] ^= 1;
    server.intercept = interceptCdn(() => new Response(other));
    await assertRejects(
      () => downloadModel(hub, model, options),
      InputError,
      `Cannot download org/tiny: model.safetensors must have the hash ${sha256Of(weights)}, ` +
        `got "${sha256Of(other)}"`,
    );
    assertEquals(namesIn(`${cache}/models--org--tiny/blobs`).length, 3);
    await assertRejects(() => Deno.stat(`${cache}/models--org--tiny/refs/main`));

    server.intercept = () => undefined;
    const { folder } = await downloadModel(hub, model, options);
    assertEquals(await Deno.readFile(`${folder}/model.safetensors`), weights);
  }));

Deno.test("downloadModel() refuses a small file of another hash", () =>
  withHub(async (server, hub) => {
    server.intercept = ({ path }) =>
      path.endsWith("/config.json") ? new Response('{"model_type":"bloom"}') : undefined;
    await assertRejects(
      () => downloadModel(hub, model, options),
      InputError,
      "Cannot download org/tiny: config.json must have the hash ",
    );
  }));

for (
  const [what, answer, got] of [
    ["longer", () => new Response(new Uint8Array(60_000)), '"more"'],
    [
      "shorter",
      (range: string | null) =>
        answerRange(
          weights.subarray(0, 40_000),
          new Request("http://a", { headers: { Range: range! } }),
          {},
        ),
      "40000",
    ],
  ] as const
) {
  Deno.test(`downloadModel() refuses content that is ${what} than listed, and removes it`, () =>
    withHub(async (server, hub, cache) => {
      server.intercept = interceptCdn(({ range }) => answer(range));
      await assertRejects(
        () => downloadModel(hub, model, options),
        InputError,
        "Cannot download org/tiny: model.safetensors must have 50000 bytes, as listed, " +
          `got ${got}`,
      );
      assertEquals(namesIn(`${cache}/models--org--tiny/blobs`).length, 3);
    }));
}

Deno.test("downloadModel() does not send the token to another host", () =>
  withHub(async (server, hub) => {
    Deno.env.set("HF_TOKEN", "hf_secret");
    try {
      await downloadModel(hub, model, options);
    } finally {
      Deno.env.delete("HF_TOKEN");
    }
    const tokens = new Map(server.asked.map(({ host, authorization }) => [host, authorization]));
    assertEquals([...tokens], [["hub", "Bearer hf_secret"], ["cdn", null]]);
  }));

Deno.test("downloadModel() downloads a file once for two that want it at a time", () =>
  withHub(async (server, hub) => {
    const both = [1, 2].map(() => downloadModel(hub, model, options));
    const [one, other] = await Promise.all(both);
    assertEquals(one, other);
    assertEquals(server.asked.filter(({ host }) => host === "cdn").length, 1);
  }));

Deno.test("downloadModel() takes what is there while the hub must not be asked", () =>
  withHub(async (server, hub, cache) => {
    const offline = { ...hub, isOffline: true };
    await assertRejects(
      () => downloadModel(offline, model, options),
      InputError,
      `Cannot download org/tiny: ${cache} must have it while HF_HUB_OFFLINE is set`,
    );
    assertEquals(server.asked, []);
    const snapshot = await downloadModel(hub, model, options);
    const before = server.asked.length;
    assertEquals(await downloadModel(offline, model, options), snapshot);
    assertEquals(server.asked.length, before);
  }));

Deno.test("downloadModel() refuses a model that the disk has no room for, before it begins", () =>
  withHub(async (server, hub, cache) => {
    server.intercept = ({ path }) =>
      path.includes("/tree/")
        ? Response.json([
          ...["config.json", "model.safetensors"].map((path) => (
            { type: "file", path, size: 2 ** 52, oid: commit }
          )),
        ])
        : undefined;
    await assertRejects(
      () => downloadModel(hub, model, options),
      InputError,
      `Cannot download org/tiny: the disk of ${cache} must have room for ${2 ** 52} bytes, got `,
    );
  }));

Deno.test({
  name: "downloadModel() refuses a cache that is read-only",
  ignore: Deno.uid() === 0, // may write everywhere
  fn: () =>
    withHub(async (_server, hub, cache) => {
      await Deno.mkdir(`${cache}/locked`, { mode: 0o555 });
      await assertRejects(
        () => downloadModel({ ...hub, cache: `${cache}/locked` }, model, options),
        InputError,
        `Cannot write ${cache}/locked/`,
      );
    }),
});

Deno.test("downloadModel() stops where its signal is aborted, and keeps what came", () =>
  withHub(async (server, hub, cache) => {
    const controller = new AbortController();
    server.intercept = interceptCdn(() => {
      setTimeout(() => controller.abort("enough"), 100);
      const stream = new ReadableStream({ start: (each) => each.enqueue(weights.slice(0, 500)) });
      return new Response(stream);
    });
    const stopped = downloadModel(hub, model, { ...options, signal: controller.signal });
    assertEquals(await stopped.catch((reason) => reason), "enough");
    const partial = `${blob(cache, sha256Of(weights))}.incomplete`;
    assertEquals((await Deno.stat(partial)).size, 500);
  }));

Deno.test("downloadModel() refuses a cache that is a file", () =>
  withHub(async (_server, hub, cache) => {
    await Deno.writeTextFile(`${cache}/file`, "");
    await assertRejects(
      () => downloadModel({ ...hub, cache: `${cache}/file` }, model, options),
      InputError,
      "Cannot download org/tiny: the hub's cache, HF_HUB_CACHE or in HF_HOME, must be a folder, " +
        `got ${JSON.stringify(`${cache}/file`)}`,
    );
  }));

Deno.test("downloadModel() names what the hub refuses", () =>
  withHub(async (server, hub) => {
    server.intercept = () => failure(401, "GatedRepo");
    await assertRejects(
      () => downloadModel(hub, model, options),
      InputError,
      "Cannot download org/tiny: HF_TOKEN must be of an account that has accepted its terms at " +
        `${server.url}, got 401`,
    );
    assert(server.asked.length === 1);
  }));
