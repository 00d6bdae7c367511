import { assertEquals, assertRejects } from "@std/assert";
import { estimateOf, readBenchRecord, select } from "../../../experiments/result/bench_record.ts";
import { InputError } from "../../../lib/core/mod.ts";
import { publishRecord } from "../../../tools/publish_record.ts";
import { withFolder } from "../../io/temporary_folder.ts";
import { blockRecord } from "./bench_fixture.ts";

const [measured] = blockRecord.measurements;

Deno.test("readBenchRecord() reads what publishRecord() wrote", () =>
  withFolder(async (folder) => {
    await publishRecord(blockRecord, [], folder);
    assertEquals(await readBenchRecord("block", folder), blockRecord);
  }));

for (
  const [name, text] of [
    ["is missing", undefined],
    ["is no JSON", "{"],
    ["is of another suite", JSON.stringify({ ...blockRecord, suite: "decode" })],
    ["has a contender without facts", JSON.stringify({ ...blockRecord, contenders: {} })],
    [
      "has a measurement of no contender",
      JSON.stringify({
        ...blockRecord,
        measurements: [{ ...measured, contender: { toString: 0 } }],
      }),
    ],
    ["has no machine", JSON.stringify({ ...blockRecord, machine: { processor: "x", cores: {} } })],
    ["has no measurements", JSON.stringify({ ...blockRecord, measurements: undefined })],
  ] as const
) {
  Deno.test(`readBenchRecord() names the command that makes a record that ${name}`, () =>
    withFolder(async (folder) => {
      if (text !== undefined) await Deno.writeTextFile(`${folder}/block.json`, text);
      await assertRejects(
        () => readBenchRecord("block", folder),
        InputError,
        `Cannot read ${folder}/block.json: it must be a record that "deno task bench block" wrote`,
      );
    }));
}

Deno.test("select() finds measurements by some properties of their job", () => {
  const found = select(blockRecord, { execution: "FP32", model: "OPT-125M" }, "time");
  assertEquals(found.map(({ contender }) => contender), ["native", "plain"]);
  assertEquals(select(blockRecord, { execution: "FP32", model: "OPT-125M" }).length, 8);
  assertEquals(select(blockRecord, { tokens: 1 }), []);
});

Deno.test("estimateOf() reaches over the extremes of the runs; a single run has none", () => {
  const summary = { median: 2, low: 1, high: 4, runs: 5 };
  assertEquals(estimateOf(summary), { value: 2, low: 1, high: 4 });
  assertEquals(estimateOf({ ...summary, runs: 1 }), { value: 2 });
});
