import { assertEquals, assertRejects } from "@std/assert";
import { InputError } from "../../lib/core/mod.ts";
import { costTable, FuzzLog, type Tried } from "../../tools/fuzz/fuzz_log.ts";
import { withFolder } from "../io/temporary_folder.ts";

const cost = { making: 0.5, writing: 0.5, reading: 1 };
const tried: Tried = { reader: "gguf", seed: 1, runs: 10, inputs: 10, accepted: 5, cost };

Deno.test("FuzzLog finds what was tried before it was opened, and refuses another file", () =>
  withFolder(async (folder) => {
    const path = `${folder}/tried.json`;
    const log = await FuzzLog.open(path);
    assertEquals(log.find(tried), undefined);
    await log.add(tried);
    const { find } = await FuzzLog.open(path).then((log) => ({ find: log.find.bind(log) }));
    assertEquals(find({ reader: "gguf", seed: 1, runs: 10 }), tried);
    for (const other of [{ reader: "torch" }, { seed: 2 }, { runs: 11 }]) {
      assertEquals(find({ ...tried, ...other }), undefined);
    }
    await Deno.writeTextFile(path, JSON.stringify([{ ...tried, cost: null }]));
    await assertRejects(() => FuzzLog.open(path), InputError, `Cannot read ${path}: it must be`);
  }));

Deno.test("costTable() sums over seeds and readers", () => {
  const failure = { complaint: "threw", path: "a" };
  const { columns, rows } = costTable([tried, { ...tried, seed: 2, accepted: 0, failure }]);
  assertEquals(columns.slice(0, 4), ["reader", "inputs", "read %", "a second"]);
  assertEquals(rows, [["gguf", 20, 25, 5, 25, 25, 50, 4, 1]]);
  const both = costTable([tried, { ...tried, reader: "torch" }]).rows;
  assertEquals(both.map((row) => row[0]), ["gguf", "torch", "all"]);
  assertEquals(both[2].slice(1), [20, 50, 5, 25, 25, 50, 4, 0]);
});
