import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { Command } from "commander";
import { InputError, silent } from "../../lib/core/mod.ts";
import {
  addModelOptions,
  type ModelOptions,
  outputFolder,
  ownSources,
} from "../../tools/model_options.ts";
import { writeAtomically } from "../../lib/io/mod.ts";
import { withFolder } from "../io/temporary_folder.ts";

const config = {
  ...{ model_type: "llama", hidden_act: "silu", hidden_size: 16, intermediate_size: 32 },
  ...{ num_hidden_layers: 1, num_attention_heads: 2, vocab_size: 300 },
  ...{ max_position_embeddings: 64, rms_norm_eps: 1e-5, bos_token_id: 0, eos_token_id: 0 },
};

/** What a command line says. */
async function parse(...args: string[]) {
  const program = new Command().exitOverride().configureOutput({ outputError() {} });
  addModelOptions(program, "a model", { bundled: "results", own: "results/local" });
  program.parse(args, { from: "user" });
  return await ownSources(program.opts<ModelOptions>(), {
    progress: silent,
    signal: new AbortController().signal,
  });
}

/** Runs a test with two model folders of one name, which have a configuration alone. */
const withModels = (test: (one: string, other: string) => Promise<void>) =>
  withFolder(async (folder) => {
    const models = ["one", "other"].map((parent) => `${folder}/${parent}/llama-encyclopedia`);
    for (const model of models) {
      await Deno.mkdir(model, { recursive: true });
      await Deno.writeTextFile(`${model}/config.json`, JSON.stringify(config));
    }
    const [one, other] = models;
    await test(one, other);
  });

Deno.test("ownSources() names models apart, also from the bundled ones, and knows their family", () =>
  withModels(async (one, other) => {
    const shared = {
      test: undefined,
      calibration: undefined,
      window: undefined,
      windows: undefined,
      startToken: undefined,
    };
    assertEquals(await parse("--model", `${one}/`, "--model", other, "--model", one), [
      { ref: { folder: one, name: "one/llama-encyclopedia", ...shared }, family: "llama" },
      { ref: { folder: other, name: "other/llama-encyclopedia", ...shared }, family: "llama" },
    ]);
    const [alone] = await parse("--model", one);
    assertEquals(alone.ref.name, "one/llama-encyclopedia");
  }));

Deno.test("ownSources() hands texts, window, windows and start token on", () =>
  withModels(async (one) => {
    const calibration = `${one}/b.txt`;
    await Deno.writeTextFile(calibration, "a text");
    const texts = ["--ids", "/a.json", "--calibration", calibration];
    const [{ ref }] = await parse(
      "--model",
      one,
      ...texts,
      "--window",
      "32",
      "--windows",
      "4",
      "--start-token",
      "once",
    );
    assertEquals(ref, {
      folder: one,
      name: "one/llama-encyclopedia",
      test: { kind: "ids", path: "/a.json" },
      calibration: { kind: "text", path: calibration },
      window: 32,
      windows: 4,
      startToken: "once",
    });
    const [{ ref: { test } }] = await parse("--model", one, "--text", "/a.json");
    assertEquals(test, { kind: "text", path: "/a.json" });
  }));

Deno.test("ownSources() finds a model of the hub in the cache, and a data set for both uses", () =>
  withFolder(async (home) => {
    const commit = "a".repeat(40);
    const folder = `${home}/hub/models--org--tiny/snapshots/${commit}`;
    const data = `${home}/hub/datasets--Salesforce--wikitext`;
    const files = ["test", "train"].map((split) => (
      `${data}/snapshots/${commit}/wikitext-2-raw-v1/${split}-00000-of-00001.parquet`
    ));
    const contents: [path: string, content: string][] = [
      [`${folder}/config.json`, JSON.stringify(config)],
      [`${folder}/model.safetensors`, ""],
      [`${home}/hub/models--org--tiny/refs/v1`, commit],
      [`${data}/refs/main`, commit],
      ...files.map((file) => [file, ""] as [string, string]),
    ];
    for (const [path, content] of contents) await writeAtomically(path, content);
    const before = Deno.env.get("HF_HOME");
    Deno.env.set("HF_HOME", home);
    try {
      const [source] = await parse("--model", "org/tiny@v1", "--dataset", "wikitext2");
      const part = (split: string, path: string) => ({
        ...{ kind: "dataset", dataset: "wikitext2" },
        ...{ split, path },
      });
      const { name, test, calibration } = source.ref;
      assertEquals([source.ref.folder, name, source.family], [folder, "org/tiny@v1", "llama"]);
      assertEquals<unknown>(test, part("test", files[0]));
      assertEquals<unknown>(calibration, part("train", files[1]));
    } finally {
      if (before === undefined) Deno.env.delete("HF_HOME");
      else Deno.env.set("HF_HOME", before);
    }
  }));

Deno.test("ownSources() of no model are none", async () => {
  assertEquals(await parse("--out", "/somewhere"), []);
});

for (
  const [args, message] of [
    [["--text", "/a.txt"], "Cannot read the command line: --text must come with --model"],
    [
      ["--start-token", "once"],
      "Cannot read the command line: --start-token must come with --model",
    ],
    [["--dataset", "ptb"], "Cannot read the command line: --dataset must come with --model"],
    [["--windows", "4"], "Cannot read the command line: --windows must come with --model"],
    [
      ["--model", "nowhere", "--text", "/a", "--ids", "/b"],
      "Cannot read the command line: one of --text, --ids and --dataset must be given, got 2",
    ],
    [["--model", "/nowhere"], "Cannot load /nowhere: the folder must exist"],
  ] as const
) {
  Deno.test(`ownSources() refuses ${args.join(" ")}`, async () => {
    await assertRejects(() => parse(...args), InputError, message);
  });
}

Deno.test("outputFolder() keeps models of one's own out of the bundled ones' results", () => {
  const outputs = { bundled: "results/figures", own: "results/local/figures" };
  const choose = (model: string[], out?: string) => outputFolder({ model, out }, outputs);
  assertEquals(choose([]), "results/figures");
  assertEquals(choose(["a"]), "results/local/figures");
  assertEquals(choose([], "results/figures"), "results/figures");
  assertEquals(choose(["a"], "../elsewhere"), "../elsewhere");
  assertEquals(choose(["a"], "results/local/figures/a"), "results/local/figures/a");
  assertEquals(choose(["a"], "results/a/figures"), "results/a/figures");
  const bundled = [
    "results",
    `${Deno.cwd()}/results/figures/`,
    "./results/integer",
    "results/bench",
  ];
  for (const out of bundled) {
    assertThrows(
      () => choose(["a"], out),
      InputError,
      "Cannot read the command line: --out must not be where results of the bundled models are, " +
        `with --model, got "${out}"`,
    );
  }
});
