import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { commit, failure, gitHash, HubServer, sha256Of } from "../io/hub_server.ts";
import { withFolder } from "../io/temporary_folder.ts";
import { endOf, startToolIn } from "./run_tool.ts";

const llama = "tests/golden/hf/llama";
const config = Deno.readTextFileSync(`${llama}/config.json`);
const weights = Deno.readFileSync(`${llama}/model.safetensors`);
const quantized = Deno.readFileSync("tests/golden/checkpoints/gguf/llama-q4_1.gguf");

/** Runs a test with a stand-in for the hub, and what starts a tool with an empty cache. */
const withHub = (
  test: (
    server: HubServer,
    start: (tool: string, permissions: string, ...args: string[]) => Deno.ChildProcess,
    home: string,
  ) => Promise<void>,
) =>
  withFolder(async (home) => {
    await using server = new HubServer({
      "models/org/tiny": { "config.json": config, "model.safetensors": weights },
      "models/org/tiny-GGUF": { "Q4/llama-q4_1.gguf": quantized, "tiny.gguf": quantized },
    });
    const variables = {
      HF_HOME: home,
      HF_ENDPOINT: server.url,
      HF_TOKEN: "",
      HF_HUB_CACHE: "",
      HF_HUB_OFFLINE: "",
    };
    await test(server, (...args) => startToolIn(variables, ...args), home);
  });

Deno.test("download fills the cache, and other tools find the model there", () =>
  withHub(async (server, start, home) => {
    const ids = `${home}/ids.json`;
    await Deno.writeTextFile(ids, JSON.stringify(Array.from({ length: 64 }, (_, id) => id)));
    const perplexity = ["--model", "org/tiny", "--ids", ids, "--window", "32", "--json"];
    const before = await endOf(start("perplexity", "perplexity", ...perplexity));
    assertEquals(before, {
      code: 2,
      out: "",
      err: `Cannot open org/tiny: it must be a folder or in the cache ${home}/hub; ` +
        "get it with: deno task download org/tiny",
    });
    assertEquals(server.asked, []);

    const { code, out, err } = await endOf(start("download", "hub", "org/tiny"));
    assertEquals([code, out], [
      0,
      `org/tiny at ${commit.slice(0, 12)}: ${home}/hub/models--org--tiny/snapshots/${commit}`,
    ]);
    assertMatch(err, /^org\/tiny settings, MB: started\n[^]*\norg\/tiny weights, MB: finished in /);

    const after = await endOf(start("perplexity", "perplexity", ...perplexity));
    assertEquals(after.code, 0);
    const report = JSON.parse(after.out);
    assertEquals(report.model, "org/tiny");
    assertEquals(report.hub, { repository: "org/tiny", commit });
    assertEquals(report.weights, sha256Of(weights));
  }));

Deno.test("download brings a GGUF file, alone, of a repository that has several", () =>
  withHub(async (server, start, home) => {
    const file = "Q4/llama-q4_1.gguf";
    const model = `org/tiny-GGUF:${file}`;
    const open = ["--model", model, "--text", `${home}/text.txt`, "--window", "32", "--json"];
    await Deno.writeTextFile(
      `${home}/text.txt`,
      "The first token is one that all others see. ".repeat(40),
    );
    const before = await endOf(start("perplexity", "perplexity", ...open));
    assertEquals(
      before.err,
      `Cannot open ${model}: it must be a file or in the cache ${home}/hub; ` +
        `get it with: deno task download ${model}`,
    );
    assertEquals(server.asked, []);

    const folder = `${home}/hub/models--org--tiny-GGUF/snapshots/${commit}`;
    const { code, out } = await endOf(start("download", "hub", model));
    assertEquals([code, out], [0, `${model} at ${commit.slice(0, 12)}: ${folder}`]);
    assertEquals(server.contents(".gguf").length, 1);
    assertEquals(await Deno.readFile(`${folder}/${file}`), quantized);

    const after = await endOf(start("perplexity", "perplexity", ...open));
    assertEquals(after.code, 0, after.err);
    const report = JSON.parse(after.out);
    assertEquals(report.model, model);
    assertEquals(report.hub, { repository: "org/tiny-GGUF", commit });

    const absent = await endOf(start("download", "hub", "org/tiny-GGUF:other.gguf"));
    assertEquals([absent.code, absent.err], [
      2,
      'Cannot download org/tiny-GGUF: the repository must have the files, got ["other.gguf"]',
    ]);
    const whole = await endOf(start("download", "hub", "org/tiny-GGUF"));
    assertEquals([whole.code, whole.err], [
      2,
      "Cannot download org/tiny-GGUF: the repository must be of a model, with config.json; " +
      ":FILE.gguf behind its name means one of tiny.gguf",
    ]);
    const unnamed = open.map((word) => word === model ? "org/tiny-GGUF" : word);
    const refused = await endOf(start("perplexity", "perplexity", ...unnamed));
    assertEquals([refused.code, refused.err], [
      2,
      `Cannot open org/tiny-GGUF: it must be a folder or in the cache ${home}/hub; ` +
      `:FILE.gguf behind its name means one of ${file}`,
    ]);
  }));

Deno.test("download --dry-run says what would come to the byte, and writes nothing", () =>
  withHub(async (server, start, home) => {
    const plan = () => endOf(start("download", "hub", "org/tiny", "--dry-run"));
    const group = (count: number) => count.toLocaleString("en");
    const all = config.length + weights.length;
    const before = await plan();
    assertEquals([before.code, before.err], [0, ""]);
    const lines = before.out.split("\n");
    assertEquals(lines[0], `org/tiny at ${commit.slice(0, 12)}:`);
    assertMatch(lines[1], /^ {2}config\.json .* bytes {2}to download$/);
    const size = group(weights.length);
    assertEquals(lines[2], `  model.safetensors  ${size} bytes  to download`);
    assertEquals(lines.slice(3), [`${group(all)} bytes to download`]);
    assertEquals(Array.from(Deno.readDirSync(home)), []);
    assertEquals(server.asked.some(({ path }) => path.includes("/resolve/")), false);

    assertEquals((await endOf(start("download", "hub", "org/tiny"))).code, 0);
    const after = (await plan()).out.split("\n");
    assertEquals(after.slice(2), [
      `  model.safetensors  ${size} bytes  in the cache`,
      "0 bytes to download",
    ]);
  }));

Deno.test("download --dry-run of two data sets that share files counts them once", () =>
  withHub(async (server, start, home) => {
    server.intercept = ({ path }) =>
      path.includes("/paths-info/")
        ? Response.json([
          ["en/c4-train.00000-of-01024.json.gz", 319e6, commit],
          ["en/c4-validation.00000-of-00008.json.gz", 40e6, commit.replace("0", "a")],
        ].map(([path, size, oid]) => ({ type: "file", path, size, oid })))
        : path.includes("/revision/")
        ? Response.json({ _id: "1", id: "allenai/c4", sha: commit })
        : undefined;
    const { code, out } = await endOf(
      start("download", "hub", "--dataset", "c4,c4-new", "--dry-run"),
    );
    assertEquals([code, out.split("\n").pop()], [0, "359,000,000 bytes to download"]);
    assertEquals(out.match(/as above/g)?.length, 2);
    assertEquals(Array.from(Deno.readDirSync(home)), []);
  }));

Deno.test("download of two processes at a time fetches each file once", () =>
  withHub(async (server, start, home) => {
    server.intercept = async ({ host }) => {
      if (host === "cdn") await new Promise((resolve) => setTimeout(resolve, 1500));
      return undefined;
    };
    const both = [1, 2].map(() => endOf(start("download", "hub", "org/tiny")));
    for (const { code, err } of await Promise.all(both)) {
      assertEquals([code, err.includes("Cannot")], [0, false]);
    }
    assertEquals(server.asked.filter(({ host }) => host === "cdn").length, 1);
    const folder = `${home}/hub/models--org--tiny`;
    const blobs = Array.from(Deno.readDirSync(`${folder}/blobs`), ({ name }) => name);
    assertEquals(blobs.sort(), [gitHash(config), sha256Of(weights)].sort());
  }));

Deno.test("download goes on where a killed process was", () =>
  withHub(async (server, start, home) => {
    const sent = 10_000;
    const { promise: hasSent, resolve } = Promise.withResolvers<void>();
    server.intercept = ({ host }) => {
      if (host !== "cdn") return undefined;
      const body = new ReadableStream({
        start: (controller) => controller.enqueue(weights.slice(0, sent)),
        pull: () => resolve(),
      }, { highWaterMark: 0 });
      return new Response(body);
    };
    const killed = start("download", "hub", "org/tiny");
    await hasSent;
    const blob = `${home}/hub/models--org--tiny/blobs/${sha256Of(weights)}`;
    const isWritten = async () => (await Deno.stat(`${blob}.incomplete`)).size === sent;
    while (!await isWritten().catch(() => false)) await new Promise((next) => setTimeout(next, 20));
    killed.kill("SIGKILL");
    await killed.output();

    server.intercept = () => undefined;
    const { code } = await endOf(start("download", "hub", "org/tiny"));
    assertEquals(code, 0);
    assertEquals(server.asked.at(-1)?.range, `bytes=${sent}-`);
    assertEquals(await Deno.readFile(blob), weights);
  }));

Deno.test("download stops at Ctrl-C and says what that costs", () =>
  withHub(async (server, start) => {
    const { promise: hasSent, resolve } = Promise.withResolvers<void>();
    server.intercept = ({ host }) =>
      host === "cdn" ? new Response(new ReadableStream({ pull: () => resolve() })) : undefined;
    const stopped = start("download", "hub", "org/tiny");
    await hasSent;
    stopped.kill("SIGINT");
    const { code, err } = await endOf(stopped);
    assertEquals(code, 130);
    assertStringIncludes(err, "What has come is kept: the same command goes on there.");
  }));

for (
  const [args, message] of [
    [
      ["tiny"],
      'Cannot read the command line: the model must be org/name[@revision][:FILE.gguf], got "tiny"',
    ],
    [
      ["org/none"],
      "Cannot download org/none: HUB must have the repository; a private one needs HF_TOKEN, got 404",
    ],
    [
      ["org/tiny@none"],
      "Cannot download org/tiny@none: the repository must have the revision, got 404",
    ],
  ] as const
) {
  Deno.test(`download refuses ${args.join(" ")} in one line`, () =>
    withHub(async (server, start) => {
      const { code, out, err } = await endOf(start("download", "hub", ...args));
      assertEquals([code, out, err], [2, "", message.replace("HUB", server.url)]);
    }));
}

Deno.test("download refuses a gated model, a wrong hash and a full disk in one line", () =>
  withHub(async (server, start, home) => {
    server.intercept = () => failure(401, "GatedRepo");
    const gated = await endOf(start("download", "hub", "org/tiny"));
    assertEquals([gated.code, gated.err.split("\n").length], [2, 1]);
    assertStringIncludes(gated.err, "HF_TOKEN must be of an account that has accepted its terms");

    server.intercept = ({ host }) =>
      host === "cdn" ? new Response(new Uint8Array(weights.length)) : undefined;
    const wrong = await endOf(start("download", "hub", "org/tiny"));
    assertEquals(wrong.code, 2);
    const lines = wrong.err.split("\n").filter((line) => line.startsWith("Cannot"));
    assertEquals(lines.length, 1);
    assertStringIncludes(lines[0], `model.safetensors must have the hash ${sha256Of(weights)}`);

    const partial = `${home}/hub/models--org--tiny/blobs/${sha256Of(weights)}.incomplete`;
    await Deno.symlink("/dev/full", partial);
    server.intercept = () => undefined;
    const full = await new Deno.Command(Deno.execPath(), { // with permissions, only -A opens devices
      args: ["run", "-q", "-A", "tools/download.ts", "org/tiny"],
      env: { HF_HOME: home, HF_ENDPOINT: server.url, HF_TOKEN: "", HF_HUB_CACHE: "" },
    }).output();
    assertEquals(full.code, 2);
    const said = new TextDecoder().decode(full.stderr).trimEnd().split("\n").pop()!;
    const refusal =
      `Cannot write ${partial}: the system must allow it, got "No space left on device`;
    assertStringIncludes(said, refusal);
  }));
