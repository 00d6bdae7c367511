import { assertEquals, assertThrows } from "@std/assert";
import {
  describeKept,
  isAmong,
  isMeasuredOn,
  keepRows,
  recordedModels,
  requireKeepable,
  withKept,
} from "../../../experiments/tables/keep_rows.ts";
import type { PruningPlan } from "../../../experiments/measure/pruning_plan.ts";
import { familyTables } from "../../../experiments/tables/family_tables.ts";
import { type MeasuredModel, measureModels } from "../../../experiments/tables/measure_models.ts";
import { InputError } from "../../../lib/core/mod.ts";
import { withModel } from "../../eval/tiny_models.ts";
import { memoryStore } from "../../sweep/memory_store.ts";
import { facts, measuredModel, readingOf, tinySubject } from "../measure/tiny_subject.ts";
import { ablatedModel } from "./ablated_model.ts";

const whole = measuredModel({ survivors: readingOf([1, 2, 3]) });

/** The record of a table with all rows, which took a second each. */
const earlier = {
  provenance: {
    ...{ commit: "0123456789ab", date: "2026-11-29", deno: "2.9.6", machine: "a test" },
    seconds: Object.fromEntries(Object.values(whole.cells).map(({ id }) => [id, 1])),
  },
  table: { title: "T", columns: [], rows: [] },
  claims: [],
  cells: Object.values(whole.cells),
};

/** The model with some rows measured anew. */
function withRows(...rows: string[]): MeasuredModel {
  const cells = Object.entries(whole.cells).filter(([row]) => rows.includes(row));
  return { ...whole, cells: Object.fromEntries(cells), seconds: { fp16: 7 } };
}

Deno.test("keepRows() keeps rows that were not measured now, with their commit and time, in the table's order", () => {
  const { cells, seconds } = keepRows(withRows("rtn4"), earlier);
  assertEquals(Object.keys(cells), Object.keys(whole.planned));
  assertEquals(cells.rtn4, whole.cells.rtn4);
  assertEquals(cells.gptq4, { ...whole.cells.gptq4, commit: "0123456789ab" });
  assertEquals([seconds.gptq4, seconds.rtn4], [1, undefined]);
  const others = Object.fromEntries(Object.entries(whole.cells).filter(([row]) => row !== "fp16"));
  const measured = { ...whole, cells: { fp16: whole.cells.fp16 }, seconds: { fp16: 7 } };
  const kept = keepRows(measured, { ...earlier, cells: Object.values(others) });
  assertEquals([kept.cells.fp16.commit, kept.seconds.fp16], [undefined, 7]);
});

Deno.test("recordedModels() has the rows of records, and measures models that are in none", () =>
  withModel("llama", async (model) => {
    const recorded = tinySubject(model);
    const other = { ...recorded, facts: { ...recorded.facts, settings: "another tokenizer" } };
    const table = { ...familyTables[0], rows: familyTables[0].rows.slice(0, 3) };
    const options = () => ({ store: memoryStore(), fingerprint: "v1" });
    const [measured] = await measureModels([recorded], [table], options());
    const [first, second, third] = Object.values(measured.cells);
    const changed = { ...second, config: { ...second.config, windows: 2 } };
    const record = { ...earlier, cells: [first, changed] };
    const known = new Map([["table1", record]]);
    const models = await recordedModels([other, recorded], [table], known, options());
    assertEquals(models.map(({ computed }) => computed), [0, 3]);
    assertEquals(Object.values(models[0].cells), [{ ...first, commit: "0123456789ab" }]);
    const elsewhere = new Map([["table2", { ...record, cells: [first, second, third] }]]);
    const [again] = await recordedModels([recorded], [table], elsewhere, options());
    assertEquals(again.computed, 3);
    assertEquals(Object.values(again.cells), [first, second, third]);
  }));

Deno.test("requireKeepable() refuses a record with rows that would be dropped", () => {
  const isSame = isAmong(Object.values(whole.cells));
  requireKeepable(earlier, "out/table1.json", isSame);
  const { fp16, rtn4 } = whole.cells;
  const others = [
    { ...rtn4, config: { ...rtn4.config, windows: 2 } },
    { ...rtn4, row: "former" },
  ];
  for (const other of others) {
    assertThrows(
      () => requireKeepable({ ...earlier, cells: [fp16, other] }, "out/table1.json", isSame),
      InputError,
      "Cannot add rows to out/table1.json: its rows must be of the same model, texts, windows, settings " +
        'and backend, or --out another folder, got "table1/tiny/rtn4"',
    );
  }
});

Deno.test("keepRows() keeps the commit of a row that was kept before", () => {
  const before = keepRows(withRows("rtn4"), earlier);
  const later = { ...earlier.provenance, commit: "later" };
  const again = { ...earlier, provenance: later, cells: Object.values(before.cells) };
  const { cells } = keepRows(withRows(), again);
  assertEquals([cells.gptq4.commit, cells.rtn4.commit], ["0123456789ab", "later"]);
});

Deno.test("keepRows() calls the rows by the name that the model has now", () => {
  const { cells } = keepRows({ ...withRows(), name: "other" }, earlier);
  assertEquals([cells.fp16.id, cells.fp16.model], ["table1/other/fp16", "other"]);
});

Deno.test("keepRows() drops rows that refuse now, are measured otherwise or are no rows any more", () => {
  const { fp16, rtn4, gptq4 } = whole.cells;
  const cells = [
    fp16,
    { ...rtn4, config: { ...rtn4.config, windows: 2 } },
    gptq4,
    { ...gptq4, row: "former" },
  ];
  const refusing = { ...withRows(), refusals: { gptq4: "no" } };
  assertEquals(Object.keys(keepRows(refusing, { ...earlier, cells }).cells), ["fp16"]);
});

Deno.test("isMeasuredOn() goes by everything but the method", () => {
  const { rtn4 } = whole.cells;
  const isOwn = isMeasuredOn({ facts: { ...facts, validationText: facts.testText } });
  const other = { ...rtn4.config, method: "gptq4" as const, methodSettings: {} };
  const pruning: PruningPlan = { beta: 0.5, layers: [1], importance: "random", positions: "keep" };
  for (const config of [other, { ...other, pruning, execute: "integer" as const }]) {
    assertEquals(isOwn({ ...rtn4, config }), true);
  }
  for (const change of [{ windows: 2 }, { weights: "other" }, { matrixProduct: "other" }]) {
    assertEquals(isOwn({ ...rtn4, config: { ...rtn4.config, ...change } }), false);
  }
});

Deno.test("withKept() adds rows of the same model that were not measured now, in order", () => {
  const { subject } = ablatedModel({});
  const [first, second, ...others] = Object.values(whole.cells);
  const record = {
    ...earlier,
    cells: [{ ...first, row: "a" }, { ...second, commit: "before" }, ...others.slice(0, 1), {
      ...first,
      ...{ row: "of another model", config: { ...first.config, weights: "other" } },
    }],
  };
  const rows = {
    ...ablatedModel({}),
    cells: new Map([["b", { ...first, row: "b" }]]),
    refused: new Set([others[0].row]),
  };
  const order = (one: { row: string }, other: { row: string }) => one.row < other.row ? -1 : 1;
  const { cells } = withKept(rows, record, { table: "ablations", order });
  const name = subject.model.name;
  assertEquals([...cells.values()].map(({ row, id, commit }) => [row, id, commit]), [
    ["a", `ablations/${name}/a`, "0123456789ab"],
    ["b", first.id, undefined],
    [second.row, `ablations/${name}/${second.row}`, "before"],
  ]);
  assertEquals(
    withKept(rows, { ...record, cells: [{ ...first, row: "b" }] }, { table: "t", order }).cells,
    rows.cells,
  );
});

Deno.test("describeKept() has a line for each commit", () => {
  const { fp16, rtn4, gptq4 } = whole.cells;
  const cells = [fp16, { ...rtn4, commit: "one" }, { ...gptq4, commit: null }];
  assertEquals(describeKept("tiny", cells, ({ row }) => row.toUpperCase()), [
    "tiny: measured earlier, by the code of commit one: RTN4",
    "tiny: measured earlier, by the code of commit unknown: GPTQ4",
  ]);
});
