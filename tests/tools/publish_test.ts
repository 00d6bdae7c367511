import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { paperTables } from "../../experiments/tables.ts";
import { decodeJson, encodeJson, InputError, verdictLegend } from "../../lib/core/mod.ts";
import { toCsv, toLatex, toMarkdown } from "../../lib/report/mod.ts";
import { publishTable, publishTable4 } from "../../tools/publish.ts";
import { measuredModel, readingOf } from "../experiments/tiny_subject.ts";
import { blockRecord } from "../experiments/bench_fixture.ts";
import { withFolder } from "../io/temporary_folder.ts";

const origin = { commit: "0123456789ab", deno: "2.9.6", machine: "a test" };
const model = measuredModel({
  survivors: readingOf([1, 2, 3]),
  denseOnSurvivors: readingOf([1, 2, 3]),
  allPositions: readingOf([2, 3, Infinity]),
});

Deno.test("publishTable() writes a table in four formats and returns it", () =>
  withFolder(async (folder) => {
    const table = await publishTable(paperTables[0], [model], origin, `${folder}/results`);
    const read = (extension: string) => Deno.readTextFile(`${folder}/results/table1.${extension}`);
    assertEquals(await read("md"), toMarkdown(table));
    assertEquals(await read("csv"), toCsv(table));
    assertEquals(await read("tex"), toLatex(table));
    const record = decodeJson(await read("json")) as Record<string, unknown>;
    assertEquals(record.provenance, origin);
    assertEquals(record.cells, Object.values(model.cells));
    assertEquals(record.table, decodeJson(encodeJson(table)));
    const names = Array.from(Deno.readDirSync(`${folder}/results`), ({ name }) => name);
    assertEquals(names.length, 4);
  }));

Deno.test("publishTable() says below a table what was measured, and the verdict of each claim", () =>
  withFolder(async (folder) => {
    const { notes } = await publishTable(paperTables[0], [model], origin, folder);
    assertEquals(notes!.slice(1, 3), [
      "tiny: weights sha256 0123456789ab, encyclopedia test text fedcba987654, " +
      "3 windows of 24 tokens, start token none, profile paper, products by a test",
      'tiny: "AgileQ-8 loses less than 10 % against FP16": reproduced ' +
      "(AgileQ-8 / FP16 = 1.0000 [1.0000, 1.0000])",
    ]);
    assertStringIncludes(notes![3], 'tiny: "pruning improves on AgileQ-8": undecided (');
    assertEquals(notes!.at(-1), verdictLegend);
  }));

Deno.test("publishTable() refuses a folder that it cannot write to", () =>
  withFolder(async (folder) => {
    await Deno.writeTextFile(`${folder}/file`, "");
    await assertRejects(
      () => publishTable(paperTables[0], [model], origin, `${folder}/file`),
      InputError,
      `Cannot write ${folder}/file/table1.json: `,
    );
  }));

Deno.test("publishTable4() writes the table with the verdicts and the machine of the record", () =>
  withFolder(async (folder) => {
    const table = await publishTable4(blockRecord, folder);
    assertEquals(await Deno.readTextFile(`${folder}/table4.md`), toMarkdown(table));
    const text = await Deno.readTextFile(`${folder}/table4.json`);
    const { provenance, claims } = decodeJson(text) as Record<string, unknown>;
    assertEquals(provenance, {
      commit: "0123456789ab",
      deno: "2.9.6",
      machine: "2 cores, A processor",
    });
    assertEquals((claims as unknown[]).length, 6);
  }));
