import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { familyTables } from "../../experiments/tables/family_tables.ts";
import { namedTables } from "../../experiments/tables/named_tables.ts";
import { readPublishedTable } from "../../experiments/tables/published_table.ts";
import { decodeJson, encodeJson, InputError, verdictLegend } from "../../lib/core/mod.ts";
import { toCsv, toLatex, toMarkdown } from "../../lib/report/mod.ts";
import { publishTable, table4Record, type TableRecord, tableRecord } from "../../tools/publish.ts";
import { measuredModel, readingOf } from "../experiments/measure/tiny_subject.ts";
import { blockRecord } from "../experiments/result/bench_fixture.ts";
import { withFolder } from "../io/temporary_folder.ts";

const origin = { commit: "0123456789ab", date: "2026-11-29", deno: "2.9.6", machine: "a test" };

/** A measured model of rows that groups of 256 divide. */
function wideModel(
  ...readings: Parameters<typeof measuredModel>
): ReturnType<typeof measuredModel> {
  const model = measuredModel(...readings);
  const sizes = { hiddenSize: 256, embeddingSize: 256, intermediateSize: 512, headDim: 128 };
  return { ...model, architecture: { ...model.architecture, ...sizes } };
}

const model = wideModel({
  survivors: readingOf([1, 2, 3]),
  denseOnSurvivors: readingOf([1, 2, 3]),
  allPositions: readingOf([2, 3, Infinity]),
});

const measured = tableRecord(familyTables[0], [model], origin);

Deno.test("publishTable() writes a table in four formats", () =>
  withFolder(async (folder) => {
    await publishTable(measured, `${folder}/results/table1`);
    const { table } = measured;
    const read = (extension: string) => Deno.readTextFile(`${folder}/results/table1.${extension}`);
    assertEquals(await read("md"), toMarkdown(table));
    assertEquals(await read("csv"), toCsv(table));
    assertEquals(await read("tex"), toLatex(table));
    const record = decodeJson(await read("json")) as Record<string, unknown>;
    assertEquals(record.provenance, { ...origin, seconds: {} });
    assertEquals(record.cells, Object.values(model.cells));
    assertEquals(record.table, decodeJson(encodeJson(table)));
    const names = Array.from(Deno.readDirSync(`${folder}/results`), ({ name }) => name);
    assertEquals(names.length, 4);
  }));

Deno.test("publishTable() says below a table what its rows took when they were measured first", () =>
  withFolder(async (folder) => {
    const path = `${folder}/table1`;
    const took = (fp16: number) =>
      tableRecord(familyTables[0], [{ ...model, seconds: { fp16, rtn4: 30.4 } }], origin);
    const costs = "measured in 42 s on a test, by rows: fp16 12, rtn4 30 (";
    await publishTable(took(12), path);
    await publishTable(took(99), path);
    assertStringIncludes(await Deno.readTextFile(`${path}.md`), costs);
    const { table } = decodeJson(await Deno.readTextFile(`${path}.json`)) as TableRecord;
    assertStringIncludes(table.notes!.at(-1)!, costs);
  }));

Deno.test("tableRecord() says which rows are kept from earlier records", () => {
  const { fp16, rtn4, gptq4, ...others } = model.cells;
  const kept = { fp16: { ...fp16, commit: "abc" }, rtn4: { ...rtn4, commit: "abc" } };
  const cells = { ...kept, gptq4: { ...gptq4, commit: null }, ...others };
  const { table } = tableRecord(familyTables[0], [{ ...model, cells }], origin);
  const notes = table.notes!.filter((note) => note.includes("measured earlier"));
  const title = "tiny on the synthetic encyclopedia: measured earlier, by the code of commit";
  assertEquals(notes, [`${title} abc: FP16; RTN`, `${title} unknown: GPTQ`]);
  assertEquals(measured.table.notes!.some((note) => note.includes("measured earlier")), false);
});

Deno.test("publishTable() leaves files as they are that say the same", () =>
  withFolder(async (folder) => {
    await publishTable(measured, `${folder}/table1`);
    const before = await Deno.readTextFile(`${folder}/table1.json`);
    await publishTable({ ...measured, provenance: { ...origin, commit: "1" } }, `${folder}/table1`);
    assertEquals(await Deno.readTextFile(`${folder}/table1.json`), before);
  }));

Deno.test("publishTable() keeps where a table was measured that is shown or judged otherwise", () =>
  withFolder(async (folder) => {
    const path = `${folder}/table1`;
    await publishTable(measured, path);
    const table = { ...measured.table, notes: ["other words"] };
    const provenance = { ...origin, commit: "1" };
    const read = async () => decodeJson(await Deno.readTextFile(`${path}.json`)) as TableRecord;
    await publishTable({ ...measured, table, claims: [], provenance }, path);
    const { provenance: kept, table: { notes } } = await read();
    assertEquals([kept, notes], [{ ...origin, seconds: {} }, table.notes]);
    await publishTable({ ...measured, cells: [], provenance }, path);
    assertEquals((await read()).provenance, provenance);
  }));

Deno.test("tableRecord() says below a table what was measured, and the verdict of each claim", () => {
  const { table: { notes } } = measured;
  assertEquals(notes!.slice(1, 3), [
    "tiny on the synthetic encyclopedia: weights sha256 0123456789ab, " +
    "test text sha256 fedcba987654, calibration text random, sha256 calibration, 3 windows of 24 tokens, " +
    "start token none, products by a test",
    'tiny: "AgileQ-8 loses less than 10 % against FP16": reproduced ' +
    "(AgileQ-8 / FP16 = 1.0000 [1.0000, 1.0000])",
  ]);
  const hub = { repository: "org/tiny", commit: "0123456789abcdef" };
  const published = { ...model, facts: { ...model.facts, hub } };
  const [, note] = tableRecord(familyTables[0], [published], origin).table.notes!;
  const beginning = "tiny on the synthetic encyclopedia: org/tiny at commit 0123456789ab, weights ";
  assertStringIncludes(note, beginning);
  assertStringIncludes(notes![3], 'tiny: "pruning improves on AgileQ-8": undecided (');
  assertEquals(notes!.at(-1), verdictLegend);
});

Deno.test("tableRecord() shows rows that refused a model, once for each reason, and all the others", () => {
  const { "agileq-8-pruned": _one, "agileq-4-pruned": _two, gptq4: _three, ...cells } = model.cells;
  const refusals = { "agileq-8-pruned": "no layer", "agileq-4-pruned": "no layer", gptq4: "NaN" };
  const { table } = tableRecord(familyTables[0], [{ ...model, cells, refusals }], origin);
  const shown = Object.fromEntries(
    table.rows.map(([method, , , perplexity]) => [method, perplexity]),
  );
  assertEquals([shown["GPTQ"], shown["AgileQ-8*"]], ["refused", "refused"]);
  assertEquals(shown["RTN"], { ...readingOf([1, 2, 3]).perplexity, digits: 3 });
  assertEquals(
    table.notes!.slice(2, 4),
    [
      "tiny on the synthetic encyclopedia: refused by AgileQ-8*; AgileQ-4*: no layer",
      "tiny on the synthetic encyclopedia: refused by GPTQ: NaN",
    ],
  );
  const [, verdict] = table.notes!.slice(4);
  assertEquals(
    verdict,
    'tiny: "pruning improves on AgileQ-8": not testable here ' +
      "(Cannot judge it: row agileq-8-pruned must have been measured)",
  );
});

Deno.test("tableRecord() says in which rows groups of weights do not fit into the model's", () => {
  const { architecture } = model;
  const published = { ...model, architecture: { ...architecture, intermediateSize: 352 } };
  const { table } = tableRecord(familyTables[0], [published], origin);
  const notes = table.notes!.filter((note) => note.includes("end in a group"));
  assertEquals(notes.length, 2);
  const misfit = `${model.title}: rows of 352 columns end in a group of 96, not of `;
  assertStringIncludes(notes[0], `${misfit}128: GPTQ; `);
  assertEquals(notes[1], `${misfit}256: ZeroQuant-FP; ZeroQuant-FP + LoRC`);
});

Deno.test("tableRecord() of a diverged model has infinite perplexities and a ratio of losses", () => {
  const losses = [800, 810, 820];
  const reading = { survivors: readingOf(losses), denseOnSurvivors: readingOf(losses) };
  const diverged = wideModel(reading, {
    fp16: losses,
    "agileq-8": losses.map((l) => l + 0.05),
  });
  const { table } = tableRecord(familyTables[0], [diverged], origin);
  assertEquals(table.rows[0][3], { value: Infinity, low: Infinity, high: Infinity, digits: 3 });
  assertStringIncludes(
    table.notes![2],
    ": reproduced (AgileQ-8 / FP16 = 1.0513 [1.0513, 1.0513])",
  );
  for (const format of [toMarkdown, toCsv, toLatex]) assertEquals(/NaN/.test(format(table)), false);
});

Deno.test("publishTable() refuses a folder that it cannot write to", () =>
  withFolder(async (folder) => {
    await Deno.writeTextFile(`${folder}/file`, "");
    await assertRejects(
      () => publishTable(measured, `${folder}/file/table1`),
      InputError,
      `Cannot write ${folder}/file/table1.json: `,
    );
  }));

Deno.test("table4Record() has the table with the verdicts and the machine of the record", () => {
  const { provenance, table, claims } = table4Record(blockRecord);
  assertEquals(table.title.split(":")[0], "Table 4");
  assertEquals(provenance, {
    commit: "0123456789ab",
    date: "2024-02-20",
    deno: "2.9.6",
    machine: "2 cores, A processor",
  });
  assertEquals((claims as unknown[]).length, 6);
});

Deno.test("publishTable() writes what the picture of a table with a name is drawn of, and its claims", () =>
  withFolder(async (folder) => {
    const record = tableRecord(namedTables[0], [model], origin);
    await publishTable(record, `${folder}/rivals`);
    const read = await readPublishedTable(`${folder}/rivals.json`);
    assertEquals(read.table.title, "Rivals: methods beside Agile-Quant");
    assertEquals(read.drawing?.details.length, 1);
    assertEquals(
      read.claims.map(({ claim }) => claim).includes("AWQ loses less than GPTQ (AWQ, table 4)"),
      true,
    );
  }));
