import { assertEquals } from "@std/assert";
import { publishRecord } from "../../tools/publish_record.ts";
import { blockRecord } from "../experiments/result/bench_fixture.ts";

Deno.test("publishRecord() notes under the last table what the table is of, remarks first", async () => {
  const table = { columns: ["a"], rows: [[1]] };
  const tables = [{ ...table, title: "One" }, { ...table, title: "Two", notes: ["own"] }];
  const record = { ...blockRecord, quick: true };
  const [one, two] = await publishRecord(record, tables, undefined, ["only in the full suite: x"]);
  assertEquals(one.notes, undefined);
  assertEquals(two.notes!.slice(0, 2), ["own", "only in the full suite: x"]);
  assertEquals(two.notes![2].split(";")[0], "medians of 5 runs in turns, a quick look");
});
