import { assert, assertAlmostEquals, assertEquals, assertRejects } from "@std/assert";
import {
  readMeasuredTable,
  readMeasuredTables,
  readRecordedRows,
} from "../../../experiments/tables/measured_table.ts";
import { drawRelativePerplexity } from "../../../experiments/tables/relative_perplexity.ts";
import { decodeJson, encodeJson, InputError } from "../../../lib/core/mod.ts";
import { publishTable, tableRecord } from "../../../tools/publish.ts";
import { withFolder } from "../../io/temporary_folder.ts";
import { measuredModel, readingOf } from "../measure/tiny_subject.ts";

const readings = { survivors: readingOf([1, 2, 3]), denseOnSurvivors: readingOf([1, 2, 3]) };
const model = measuredModel(readings, { "rtn4": [1.1, 2.1, 3.1], "fp16": [1, 2, 3] });
const origin = { commit: null, date: "2026-11-29", deno: "0", machine: "none" };

Deno.test("readMeasuredTable() reads what reproduce publishes", () =>
  withFolder(async (folder) => {
    const record = tableRecord(model.table, [model], origin);
    await publishTable(record, `${folder}/table1`);
    const published = await readMeasuredTable(folder, 1);
    assertEquals(published.table, record.table);
    assertEquals(published.claims.length, 2);
    assertEquals(published.cells.map(({ row }) => row), Object.keys(model.cells));
  }));

Deno.test("readRecordedRows() reads a table with its origin, where there is one", () =>
  withFolder(async (folder) => {
    const path = `${folder}/table1.json`;
    assertEquals(await readRecordedRows(path, "deno task x"), undefined);
    await publishTable(tableRecord(model.table, [model], origin), `${folder}/table1`);
    const { provenance, cells } = (await readRecordedRows(path, "deno task x"))!;
    assertEquals(provenance.date, origin.date);
    assertEquals(cells.length, Object.keys(model.cells).length);
    const { provenance: _, ...rest } = decodeJson(await Deno.readTextFile(path)) as {
      provenance: unknown;
    };
    await Deno.writeTextFile(path, encodeJson(rest));
    await assertRejects(
      () => readRecordedRows(path, "deno task x"),
      InputError,
      `Cannot read ${path}: `,
    );
  }));

Deno.test("readRecordedRows() refuses cells that have not what those of the table have", () =>
  withFolder(async (folder) => {
    const path = `${folder}/table1.json`;
    await publishTable(tableRecord(model.table, [model], origin), `${folder}/table1`);
    await assertRejects(
      () => readRecordedRows(path, "deno task x", (cell) => "bits" in cell),
      InputError,
      `Cannot read ${path}: it must be a record that "deno task x" wrote`,
    );
  }));

const title = { title: "T", columns: ["a"], rows: [["b"]] };
const reading = { perplexity: { value: 2 }, scored: 3, windowLosses: [1] };
const storage = { forms: ["F16"], bitsPerWeight: 16 }; // and what else is known of it
const result = { survivors: reading, storage };
const cell = { id: "i", model: "m", row: "fp16", config: {}, result };
/** That cell, what its survivors gave being so. */
const cellOf = (changes: object) => ({
  ...cell,
  result: { ...result, survivors: { ...reading, ...changes } },
});
/** A record whose only cell is this one. */
const recordOf = (cell: unknown) => ({ table: title, claims: [], cells: [cell] });

for (
  const [name, content] of [
    ["nothing", ""],
    ["a part of a record", JSON.stringify({ table: title, claims: [] }).slice(0, -9)],
    ["another value", "7"],
    ["neither table nor claims", {}],
    ["a table whose rows are not as long as its columns", {
      ...{ table: { ...title, rows: [[]] }, claims: [], cells: [] },
    }],
    ["a claim without verdict", { table: title, claims: [{ claim: "c" }], cells: [] }],
    ["no cells", { table: title, claims: [] }],
    ["an empty list of cells", { table: title, claims: [], cells: [] }],
    ["a cell without a model", recordOf({ ...cell, model: undefined })],
    ["a cell without survivors", recordOf({ ...cell, result: { allPositions: reading, storage } })],
    ["a cell without what is stored", {
      ...recordOf({ ...cell, result: { survivors: reading } }),
    }],
    ["a divergence that is no estimate", recordOf(cellOf({ divergence: 1 }))],
    ["a divergence below 0", recordOf(cellOf({ divergence: { value: -1 } }))],
    ["an agreement that is a text", recordOf(cellOf({ agreement: { value: "x" } }))],
    ["an interval from a text", recordOf(cellOf({ perplexity: { value: 2, low: "1", high: 3 } }))],
    ["an interval from null", recordOf(cellOf({ perplexity: { value: 2, low: null, high: 3 } }))],
    ["an interval upside down", recordOf(cellOf({ perplexity: { value: 2, low: 3, high: 1 } }))],
    ["a loss below 0", recordOf(cellOf({ windowLosses: [1, -1] }))],
    ["no losses", recordOf(cellOf({ windowLosses: [] }))],
    ["many scored", recordOf(cellOf({ scored: "many" }))],
    [
      "bits that are a text",
      recordOf({ ...cell, result: { ...result, storage: { ...storage, bitsPerWeight: "4" } } }),
    ],
    [
      "bits of activations of null",
      recordOf({ ...cell, result: { ...result, activationBits: null } }),
    ],
    ["a key twice", `{"claims": [], ${encodeJson(recordOf(cell)).slice(1)}`],
    ["a cell twice", { ...recordOf(cell), cells: [cell, { ...cell, config: { window: 8 } }] }],
    [
      "a cell without losses",
      recordOf({ ...cell, result: { ...result, survivors: { perplexity: 1 } } }),
    ],
    ["a cell without the losses of a control", {
      ...recordOf({ ...cell, result: { ...result, denseOnSurvivors: {} } }),
    }],
    ["a cell without the perplexity of a further reading", {
      ...recordOf({ ...cell, result: { ...result, allPositions: { windowLosses: [1] } } }),
    }],
  ] as const
) {
  Deno.test(`readMeasuredTable() refuses a file that holds ${name}`, () =>
    withFolder(async (folder) => {
      const path = `${folder}/table1.json`;
      await Deno.writeTextFile(path, typeof content === "string" ? content : encodeJson(content));
      await assertRejects(
        () => readMeasuredTable(folder, 1),
        InputError,
        `Cannot read ${path}: it must be a record that "deno task reproduce" wrote`,
      );
    }));
}

Deno.test("readMeasuredTable() takes what is whole", () =>
  withFolder(async (folder) => {
    const record = recordOf(cell);
    await Deno.writeTextFile(`${folder}/table1.json`, encodeJson(record));
    assertEquals(await readMeasuredTable(folder, 1) as unknown, { ...record, number: 1 });
  }));

Deno.test("readMeasuredTables() reads the tables that a folder has, and refuses one without any", () =>
  withFolder(async (folder) => {
    const refusal =
      `Cannot read ${folder}/table1.json: it must be a record that "deno task reproduce"`;
    await assertRejects(() => readMeasuredTables(folder), InputError, refusal);
    await publishTable(tableRecord(model.table, [model], origin), `${folder}/table5`);
    assertEquals((await readMeasuredTables(folder)).map(({ number }) => number), [5]);
  }));

Deno.test("readMeasuredTables() reads the records of the project", async () => {
  assertEquals((await readMeasuredTables("results")).map(({ number }) => number), [1, 2, 3]);
});

Deno.test("drawRelativePerplexity() draws what a method adds, the paper's on average", () =>
  withFolder(async (folder) => {
    await publishTable(tableRecord(model.table, [model], origin), `${folder}/table1`);
    const spec = drawRelativePerplexity([await readMeasuredTable(folder, 1)]);
    const [paper, own] = spec.data;
    const names = paper.x as string[];
    assertEquals(names.slice(0, 4), ["RTN", "GPTQ", "SqueezeLLM", "SpQR, 3 bits"]);
    assertEquals((paper.y as unknown[])[names.indexOf("AgileQ-4")], null); // tables 1-3 have none
    const [rtn] = own.y as number[];
    assert(Math.abs(rtn - 100 * (Math.exp(0.1) - 1)) < 1e-9);
    const expected = [6.29 / 5.68, 5.53 / 5.09, 4.54 / 4.10, 3.92 / 3.53];
    const mean = expected.reduce((sum, ratio) => sum + ratio, 0) / 4;
    assert(Math.abs((paper.y as number[])[0] - 100 * (mean - 1)) < 1e-9);
  }));

Deno.test("drawRelativePerplexity() draws each model over its own FP16, whatever their cells are called", () => {
  const [full, more] = [[2, 3, 4], [2.2, 3.2, 4.2]];
  const other = measuredModel(readings, { "fp16": full, "rtn4": more });
  const cells = [
    ...Object.values(model.cells),
    ...Object.values(other.cells).map((cell) => ({ ...cell, model: "mine/tiny" })),
  ].filter(({ model, row }) => model === "tiny" || row !== "gptq4")
    .map((cell) => ({ ...cell, id: "mine" }));
  const { table } = tableRecord(model.table, [model, other], origin);
  const { data } = drawRelativePerplexity([{ number: 1, table, claims: [], cells }]);
  assertEquals(data.map(({ name }) => name), ["paper, mean of its models", "tiny", "mine/tiny"]);
  const [one, two] = [1, 2].map((index) => data[index].y as (number | null)[]);
  assertAlmostEquals(one[0]!, 100 * (Math.exp(0.1) - 1));
  assertAlmostEquals(two[0]!, 100 * (Math.exp(0.2) - 1));
  assertEquals([typeof one[1], two[1]], ["number", null]); // a row that refused the other model
});

Deno.test("drawRelativePerplexity() says what else than FP16 models are held against", () => {
  const { table } = tableRecord(model.table, [model], origin);
  const stored = (cell: typeof model.cells.fp16, forms: string[]) => ({
    ...cell,
    result: { ...cell.result, storage: { ...cell.result.storage, forms } },
  });
  const { fp16, rtn4 } = model.cells;
  const mine = { ...stored(fp16, ["Q4_1"]), model: "mine" };
  const axis = (...cells: typeof fp16[]) =>
    JSON.stringify(drawRelativePerplexity([{ number: 1, table, claims: [], cells }]).layout)
      .match(/perplexity above [^("<]+/)![0].trim();
  assertEquals(axis(fp16, stored(rtn4, ["4 bits in whole rows"])), "perplexity above FP16");
  assertEquals(axis(fp16, mine), "perplexity above FP16 or dequantized Q4_1");
});
