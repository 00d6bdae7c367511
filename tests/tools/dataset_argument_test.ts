import { assertEquals, assertThrows } from "@std/assert";
import { gzipSync } from "node:zlib";
import { InputError } from "../../lib/core/mod.ts";
import { datasetOption } from "../../tools/dataset_argument.ts";
import { writeTinyModel } from "../experiments/measure/tiny_folder.ts";
import { commit, HubServer, type Repositories, sha256Of } from "../io/hub_server.ts";
import { withFolder } from "../io/temporary_folder.ts";
import { endOf, startToolIn } from "./run_tool.ts";

Deno.test("datasetOption() takes a file, else a known name for a data set, and refuses others with the names", () =>
  withFolder(async (folder) => {
    const parse = datasetOption("--dataset");
    assertEquals(parse("wikitext2"), { dataset: "wikitext2" });
    assertEquals(parse("c4-new"), { dataset: "c4-new" });
    const rule = "--dataset must be a file or one of wikitext2, ptb, ptb-new, c4, c4-new";
    for (const other of ["/wikitext2", "wikitext-2", "texts.parquet"]) {
      assertThrows(() => parse(other), InputError, `${rule}, got "${other}"`);
    }
    const before = Deno.env.get("INIT_CWD");
    Deno.env.set("INIT_CWD", folder);
    try {
      await Deno.writeTextFile(`${folder}/ptb`, "a text");
      assertEquals(parse("ptb"), { path: `${folder}/ptb` });
      assertEquals(parse("ptb-new"), { dataset: "ptb-new" });
    } finally {
      if (before === undefined) Deno.env.delete("INIT_CWD");
      else Deno.env.set("INIT_CWD", before);
    }
  }));

const rows = await Deno.readFile("tests/golden/parquet/texts.snappy.parquet");
const documents = (count: number) =>
  gzipSync(
    Array.from({ length: count }, (_, index) =>
      JSON.stringify({ text: `document ${index} `.repeat(40) }))
      .join("\n"),
  );

const repositories: Repositories = {
  "datasets/Salesforce/wikitext": {
    "wikitext-2-raw-v1/test-00000-of-00001.parquet": rows,
    "wikitext-2-raw-v1/train-00000-of-00001.parquet": rows,
  },
  "datasets/allenai/c4": {
    "en/c4-train.00000-of-01024.json.gz": new Uint8Array(documents(50)),
    "en/c4-validation.00000-of-00008.json.gz": new Uint8Array(documents(30)),
  },
};

Deno.test("perplexity --dataset measures what download --dataset has brought", () =>
  withFolder(async (home) => {
    await using server = new HubServer(repositories);
    const variables = { HF_HOME: home, HF_ENDPOINT: server.url, HF_TOKEN: "", HF_HUB_CACHE: "" };
    const start = (...[tool, permissions, ...args]: [string, string, ...string[]]) =>
      endOf(startToolIn(variables, tool, permissions, ...args));
    const model = `${home}/model`;
    await Deno.mkdir(model);
    await writeTinyModel(model);
    const perplexity = (...args: string[]) =>
      start("perplexity", "perplexity", "--model", model, "--window", "32", "--json", ...args);

    const before = await perplexity("--dataset", "wikitext2");
    assertEquals([before.code, before.out, before.err], [
      2,
      "",
      `Cannot open wikitext2 test: it must be a file or in the cache ${home}/hub; ` +
      "get it with: deno task download --dataset wikitext2",
    ]);
    const download = await start("download", "hub", "--dataset", "wikitext2,c4");
    assertEquals(download.code, 0, download.err);
    assertEquals(download.out.split("\n").length, 2);

    const { out, err } = await perplexity(
      ...["--dataset", "wikitext2", "--method", "gptq4", "--calibration-windows", "3"],
      ...["--calibration", "c4"],
    );
    const { text, calibration, warnings } = JSON.parse(out || `{"failed":${JSON.stringify(err)}}`);
    const hub = { repository: "Salesforce/wikitext", commit };
    assertEquals(text.source, "wikitext2 test");
    assertEquals(text.dataset, {
      dataset: "wikitext2",
      split: "test",
      sha256: sha256Of(rows),
      hub,
    });
    const train = repositories["datasets/allenai/c4"]["en/c4-train.00000-of-01024.json.gz"];
    assertEquals(calibration.source, "c4 train");
    assertEquals(calibration.sha256, sha256Of(train));
    assertEquals(calibration.tokens, 3 * 32);
    assertEquals(
      warnings[0],
      "The text is not WikiText-2's test split as it is published: " +
        "figures cannot be held against published ones.",
    );

    const own = await perplexity(
      "--dataset",
      "wikitext2",
      "--method",
      "gptq4",
      "--calibration-windows",
      "3",
    );
    assertEquals(JSON.parse(own.out).calibration.dataset.split, "train");
    const drawn = JSON.parse((await perplexity("--dataset", "c4")).out);
    assertEquals([drawn.windows, drawn.text.tokens], [256, 256 * 32]);
  }));
