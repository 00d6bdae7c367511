import { assertEquals, assertRejects } from "@std/assert";
import { InputError } from "../../lib/core/mod.ts";
import { hasRows, readRows } from "../../lib/io/read_rows.ts";
import { withFolder } from "./temporary_folder.ts";

Deno.test("readRows() reads by the name of the file", () =>
  withFolder(async (folder) => {
    assertEquals((await readRows("tests/golden/parquet/sentence.parquet")).text(0), "a b c");
    await Deno.writeTextFile(`${folder}/a.jsonl`, '{"text":"b"}');
    assertEquals((await readRows(`${folder}/a.jsonl`)).text(0), "b");
    const message =
      "Cannot read a.txt: it must be .parquet, .json, .jsonl or one of the latter .gz";
    await assertRejects(() => readRows("a.txt"), InputError, message);
  }));

Deno.test("hasRows() knows names of files with rows", () => {
  const names = ["a.parquet", "a.json", "a.jsonl", "a.json.gz", "a.jsonl.gz"];
  assertEquals(names.map(hasRows), names.map(() => true));
  assertEquals(
    ["a.txt", "a.parquet.gz", "json", "a.json.txt"].map(hasRows),
    new Array(4).fill(false),
  );
});
