import { assert, assertEquals, assertRejects } from "@std/assert";
import { InputError, seededRandom, silent } from "../../lib/core/mod.ts";
import { downloadModel } from "../../lib/io/hub_download.ts";
import { parseRepository } from "../../lib/io/hub_repository.ts";
import { answerRange, commit, HubServer } from "../io/hub_server.ts";
import { withFolder } from "../io/temporary_folder.ts";
import { type CutAnswer, CuttingProxy } from "./cutting_proxy.ts";
import { isLong } from "./long.ts";

const weights = Uint8Array.from({ length: 20_000 }, (_, index) => index * index % 251);
const files = {
  "config.json": '{"model_type":"llama"}',
  "tokenizer.json": "{}",
  "tokenizer_config.json": "{ }",
  "generation_config.json": "{  }",
  "model.safetensors": weights,
};

interface Downloading {
  server: HubServer;
  proxy: CuttingProxy;
  /** Downloads into a cache. */
  download(cache: string): Promise<unknown>;
}

/** Runs a test with a hub whose connections can be cut. */
const withDownload = (test: (downloading: Downloading, folder: string) => Promise<void>) =>
  withFolder(async (folder) => {
    await using server = new HubServer({ "models/org/tiny": files });
    server.intercept = ({ path, range }) => { // large files, too, come by way of the connections
      if (!path.endsWith("/model.safetensors")) return undefined;
      const headers: HeadersInit = range === null ? {} : { Range: range };
      return answerRange(weights, new Request(server.url, { headers }), {});
    };
    await using proxy = new CuttingProxy(Number(new URL(server.url).port));
    const download = (cache: string) =>
      downloadModel(
        { endpoint: proxy.url, cache, isOffline: false },
        parseRepository("org/tiny")!,
        { progress: silent, pauseMilliseconds: 1 },
      );
    await test({ server, proxy, download }, folder);
  });

/** Asserts that a cache has the whole model. */
async function assertWhole(cache: string): Promise<void> {
  const folder = `${cache}/models--org--tiny`;
  for (const [name, content] of Object.entries(files)) {
    const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
    assertEquals(await Deno.readFile(`${folder}/snapshots/${commit}/${name}`), bytes);
  }
  assertEquals(await Deno.readTextFile(`${folder}/refs/main`), commit);
  const blobs = Array.from(Deno.readDirSync(`${folder}/blobs`), ({ name }) => name);
  assertEquals([blobs.length, blobs.filter((name) => name.includes("."))], [5, []]);
}

/** What was asked for of a hub: paths and ranges. */
const askedOf = ({ asked }: HubServer) =>
  asked.splice(0).map(({ path, range }) => `${path} ${range}`);

/** The requests that are to come where answers were cut: the same again, contents from where they were. */
function expectedRequests(whole: readonly string[], cut: readonly CutAnswer[]): string[] {
  const requests = [...whole];
  for (const { request, body } of cut) {
    const [, path] = request.match(/^\w+ (\S+) /)!;
    const start = Number(request.match(/^range: bytes=(\d+)-/mi)?.[1]);
    const at = requests.findLastIndex((each) => each.startsWith(`${decodeURIComponent(path)} `));
    assert(at >= 0, `${path} was never asked for`);
    const again = Number.isNaN(start)
      ? requests[at]
      : `${decodeURIComponent(path)} bytes=${start + body}-`;
    requests.splice(at + 1, 0, again);
  }
  return requests;
}

Deno.test("downloadModel() goes on behind what has come, wherever a connection is cut", () =>
  withDownload(async ({ server, proxy, download }, folder) => {
    await download(`${folder}/whole`);
    await assertWhole(`${folder}/whole`);
    const whole = askedOf(server);
    const total = proxy.passed;
    const random = seededRandom(4);
    const some = Array.from({ length: isLong ? 2000 : 40 }, () => random.integer(1, total));
    const places = [1, total - 1, total, ...some];
    for (const [turn, place] of places.entries()) {
      const cache = `${folder}/${turn}`;
      [proxy.passed, proxy.cuts] = [0, [place]];
      proxy.cutAnswers.length = 0;
      await download(cache);
      await assertWhole(cache);
      const asked = askedOf(server);
      const [{ request, body }] = proxy.cutAnswers;
      const message = `cut after ${place} of ${total} bytes`;
      if (asked.length === whole.length) assertEquals(asked, whole, message); // at the end of an answer
      else assertEquals(asked, expectedRequests(whole, [{ request, body }]), message);
      await Deno.remove(cache, { recursive: true });
    }
    if (isLong) {
      console.log(`download: a connection cut at ${places.length} places of ${total} bytes`);
    }
  }));

Deno.test("downloadModel() goes on however often connections are cut, as long as bytes come", () =>
  withDownload(async ({ proxy, download }, folder) => {
    const random = seededRandom(5);
    for (let turn = 0; turn < (isLong ? 200 : 10); turn++) {
      const cache = `${folder}/${turn}`;
      let place = 0;
      proxy.cuts = Array.from({ length: 12 }, () => place += random.integer(1, 4000));
      proxy.passed = 0;
      await download(cache);
      await assertWhole(cache);
    }
  }));

Deno.test("downloadModel() says that the hub is away, and goes on behind what has come when it is back", () =>
  withDownload(async ({ server, proxy, download }, folder) => {
    await download(`${folder}/whole`);
    askedOf(server);
    const total = proxy.passed;
    const random = seededRandom(6);
    for (let turn = 0; turn < (isLong ? 200 : 10); turn++) {
      const cache = `${folder}/${turn}`;
      [proxy.passed, proxy.cuts, proxy.staysDown] = [0, [random.integer(1, total - 1)], true];
      proxy.cutAnswers.length = 0;
      await assertRejects(
        () => download(cache),
        InputError,
        `Cannot download org/tiny: ${proxy.url} must be reachable, got `,
      );
      askedOf(server);
      proxy.comeUp();
      await download(cache);
      await assertWhole(cache);
      const ranges = server.asked.filter(({ path }) => path.endsWith("/model.safetensors"))
        .map(({ range }) => range);
      const [{ request, body }] = proxy.cutAnswers;
      const came = request.includes("/model.safetensors ") ? body : 0;
      assertEquals(ranges, came === weights.length ? [] : [`bytes=${came}-`]);
    }
  }));
