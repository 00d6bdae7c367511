import { assertEquals } from "@std/assert";
import {
  isPublishedTable,
  readPublishedTable,
} from "../../../experiments/tables/published_table.ts";
import { withFolder } from "../../io/temporary_folder.ts";

const table = { title: "T", columns: [], rows: [] };
const claim = { claim: "c", verdict: "reproduced", evidence: "e" };

Deno.test("readPublishedTable() reads a table that has no cells", () =>
  withFolder(async (folder) => {
    await Deno.writeTextFile(`${folder}/table4.json`, JSON.stringify({ table, claims: [] }));
    assertEquals(await readPublishedTable(`${folder}/table4.json`), { table, claims: [] });
  }));

for (
  const [name, claims, expected] of [
    ["a claim on a model", [{ ...claim, model: "opt" }], true],
    ["a claim on an instruction level", [{ ...claim, level: "native" }], true],
    ["a word of a former version", [{ ...claim, verdict: "holds" }], true],
    ["no list of claims", {}, false],
    ["a claim without verdict", [{ claim: "c", evidence: "e" }], false],
    ["a model that has no name", [{ ...claim, model: 7 }], false],
    ["a level that is none", [{ ...claim, level: null }], false],
  ] as const
) {
  Deno.test(`isPublishedTable() ${expected ? "takes" : "refuses"} ${name}`, () => {
    assertEquals(isPublishedTable({ table, claims }), expected);
  });
}
