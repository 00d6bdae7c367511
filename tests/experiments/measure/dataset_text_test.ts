import { assertEquals, assertRejects } from "@std/assert";
import { readDataset } from "../../../experiments/measure/dataset_text.ts";
import {
  type DatasetName,
  datasets,
  type DatasetSplit,
} from "../../../experiments/measure/datasets.ts";
import { InputError, sha256 } from "../../../lib/core/mod.ts";
import { cutWindows, drawWindowsOfTexts } from "../../../lib/eval/mod.ts";
import { hashFile, loadTokenizer, type Tokenizer } from "../../../lib/io/mod.ts";
import type { StartToken } from "../../../lib/model/mod.ts";
import { withFolder } from "../../io/temporary_folder.ts";
import { byteLevelTokenizer } from "../../io/tiny_tokenizers.ts";

const once: StartToken = { place: "once", id: 268 };
const draw = { window: 16, count: 3, seed: 5 };

/** Runs a test with a tokenizer and what reads a part of a data set from rows. */
const withRows = (
  rows: Record<string, string>[],
  test: (
    read: (
      dataset: DatasetName,
      split: DatasetSplit,
      startToken?: StartToken,
    ) => ReturnType<typeof readDataset>,
    tokenizer: Tokenizer,
    path: string,
  ) => Promise<void>,
) =>
  withFolder(async (folder) => {
    await Deno.writeTextFile(`${folder}/tokenizer.json`, JSON.stringify(byteLevelTokenizer()));
    const tokenizer = await loadTokenizer(folder);
    const path = `${folder}/rows.jsonl`;
    await Deno.writeTextFile(path, rows.map((row) => JSON.stringify(row)).join("\n"));
    const read = (dataset: DatasetName, split: DatasetSplit, startToken: StartToken = once) =>
      readDataset({ dataset, split, path }, tokenizer, startToken, draw);
    await test(read, tokenizer, path);
  });

const sentences = ["the mill", "", "a world"].map((sentence) => ({ sentence }));

for (
  const [dataset, split, text] of [
    ["ptb", "test", "the mill\n\n\n\na world"],
    ["ptb", "train", "the mill\n\n\n\na world"],
    ["ptb-new", "test", "the mill  a world"],
    ["ptb-new", "train", "the mill  a world"],
  ] as const
) {
  Deno.test(`readDataset() joins the rows of ${dataset} ${split}`, () =>
    withRows(sentences, async (read, tokenizer, path) => {
      const { ids, sha256: hash, dataset: facts, label, drawn } = await read(dataset, split);
      assertEquals(ids, tokenizer.encode(text));
      assertEquals([hash, label, drawn], [await sha256(text), `${dataset} ${split}`, undefined]);
      assertEquals(facts, { dataset, split, sha256: await hashFile(path) });
    }));
}

const documents = Array.from(
  { length: 1200 },
  (_, index) => ({ text: `document ${index}`, url: "" }),
);

Deno.test("readDataset() takes 256 windows of the first 1100 rows of c4-new", () =>
  withRows(documents, async (read, tokenizer) => {
    const text = documents.slice(0, 1100).map(({ text }) => text).join(" ");
    const all = tokenizer.encode(text);
    for (const startToken of [{ place: "none" }, once, { place: "window", id: 268 }] as const) {
      const { ids, sha256: hash } = await read("c4-new", "test", startToken);
      assertEquals(hash, await sha256(text));
      assertEquals(ids, all.slice(0, ids.length));
      assertEquals(cutWindows(ids, { window: 16, startToken }).length, 256);
    }
  }));

Deno.test("readDataset() draws the windows of C4: a fixed 256 to test, as asked to calibrate", () =>
  withRows(
    documents.map(({ text }) => ({ text: text.repeat(3) })),
    async (read, tokenizer, path) => {
      const texts = {
        length: documents.length,
        ids: (index: number) => tokenizer.encode(documents[index].text.repeat(3)),
      };
      for (const [split, count, seed] of [["test", 256, 0], ["train", 3, 5]] as const) {
        const expected = drawWindowsOfTexts(texts, { window: 16, startToken: once, count, seed });
        const { drawn, ids, sha256 } = await read("c4", split);
        assertEquals(drawn, expected);
        assertEquals(ids, Int32Array.from(expected.flatMap((window) => [...window])));
        assertEquals(sha256, await hashFile(path));
      }
    },
  ));

Deno.test("readDataset() refuses rows that are all too short, and rows without the column", () =>
  withRows(documents, async (read, _, path) => {
    const tooShort = "Cannot draw windows: c4 train must have a row of more than 16 tokens";
    await assertRejects(() => read("c4", "train"), InputError, tooShort);
    const column = `Cannot read ${path}: it must have a column sentence, got ["text","url"]`;
    await assertRejects(() => read("ptb", "test"), InputError, column);
  }));

Deno.test("datasets are the files that GPTQ's loaders name", () => {
  assertEquals(Object.keys(datasets), ["wikitext2", "ptb", "ptb-new", "c4", "c4-new"]);
  const { repository, test, train } = datasets.wikitext2;
  assertEquals(repository, { kind: "dataset", name: "Salesforce/wikitext", revision: "main" });
  assertEquals([test.file, train.file], [
    "wikitext-2-raw-v1/test-00000-of-00001.parquet",
    "wikitext-2-raw-v1/train-00000-of-00001.parquet",
  ]);
});
