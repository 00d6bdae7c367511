import { assert, assertEquals, assertMatch } from "@std/assert";
import { SubjectPool } from "../../experiments/cells/subject_pool.ts";
import { familyTables } from "../../experiments/tables/family_tables.ts";
import { measureModels, planModels } from "../../experiments/tables/measure_models.ts";
import type { RowKey } from "../../experiments/tables/table_rows.ts";
import { costTable } from "../../tools/cost_table.ts";
import { writeTinyRef } from "../experiments/cells/tiny_cells.ts";
import { withFolder } from "../io/temporary_folder.ts";
import { here } from "../../lib/sweep/mod.ts";
import { memoryStore } from "../sweep/memory_store.ts";

Deno.test("costTable() estimates rows, of those that are kept and weights that are shared nothing", () =>
  withFolder(async (folder) => {
    const subject = await new SubjectPool().read(await writeTinyRef(folder, 2));
    const store = memoryStore();
    const rows: RowKey[] = ["fp16", "gptq4", "agileq-8"];
    const options = { store, fingerprint: "v1", rows };
    await measureModels([subject], familyTables, {
      ...{ store, fingerprint: "v1", rows: ["fp16"] as RowKey[] },
      executor: here(() => Promise.resolve({ survivors: {} })),
    });
    const planned = await planModels([subject], familyTables, options);
    const cells = planned.flatMap(({ cells }) => cells);
    const { title, columns, rows: shown, notes } = await costTable(
      ...[subject, "Table 1", [...cells, ...cells], options] as const,
    );
    assertMatch(title, /^Table 1 of .*: what rows take$/);
    assertEquals(columns.length, 4);
    assertEquals(shown.map(([row]) => row), rows);
    assertEquals(shown[0].slice(1), ["kept", "kept", 0]);
    const left = shown.slice(1).map((cells) => (cells[3] as { value: number }).value);
    assert(left.every((seconds) => seconds > 0));
    assertMatch(notes![0], /^0\.\d+ s in all for 2 windows of 32 tokens; an estimate/);
  }));
