import { assertEquals, assertRejects } from "@std/assert";
import {
  type MeasuredCell,
  measureModels,
  type MeasureOptions,
} from "../../../experiments/tables/measure_models.ts";
import { familyTables } from "../../../experiments/tables/family_tables.ts";
import { namedTables } from "../../../experiments/tables/named_tables.ts";
import type { RowKey } from "../../../experiments/tables/table_rows.ts";
import { InputError, type Progress, silent } from "../../../lib/core/mod.ts";
import type { SubjectFacts } from "../../../experiments/measure/subject.ts";
import type { Model } from "../../../lib/model/mod.ts";
import { tinyModels, withModel } from "../../eval/tiny_models.ts";
import { memoryStore } from "../../sweep/memory_store.ts";
import { facts, tinySubject } from "../measure/tiny_subject.ts";

/** The rows that other tables of the paper do not print. */
const printedOnly: Record<string, RowKey[]> = {
  llama: [
    ...["squeezellm4", "spqr3", "mofq8"] as const,
    ...["zeroquant-fp-int8", "zeroquant-fp-int4", "zeroquant-fp-lorc"] as const,
  ],
  "opt-pre": ["mofq8", "zeroquant-v2"],
  bloom: ["zeroquant-v2"],
};

/** Those of the table of LLaMA, in their order. */
const rows: RowKey[] = [
  "fp16",
  "rtn4",
  "gptq4",
  "squeezellm4",
  "spqr3",
  "mofq8",
  "zeroquant-fp-int8",
  "zeroquant-fp-int4",
  "zeroquant-fp-lorc",
  "agileq-8",
  "agileq-8-pruned",
  "fp16-pruned",
  "awq4",
  "agileq-8-activations",
  "agileq-8-activations-pruned",
  "agileq-8-eq3",
  "agileq-4",
  "agileq-4-pruned",
  "agileq-4-8",
];

function options(changes: Partial<MeasureOptions> = {}): MeasureOptions {
  const { signal } = new AbortController();
  return { store: memoryStore(), fingerprint: "v1", progress: silent, signal, ...changes };
}

async function measure(
  model: Model,
  settings: MeasureOptions,
  { facts, tables = familyTables }: { facts?: SubjectFacts; tables?: typeof familyTables } = {},
) {
  const subject = tinySubject(model);
  const other = facts ? { ...subject, facts } : subject;
  const [measured] = await measureModels([other], tables, settings);
  return measured;
}

for (const [index, name] of tinyModels.entries()) {
  Deno.test(`measureModels() measures the rows of its family's table, ${name}`, () =>
    withModel(name, async (model) => {
      const measured = await measure(model, options());
      const shared = rows.filter((row) => !printedOnly.llama.includes(row));
      const own = [...shared, ...printedOnly[name]];
      assertEquals([measured.name, measured.table.key], [name, `table${index + 1}`]);
      assertEquals([measured.computed, measured.reused], [own.length, 0]);
      assertEquals(Object.keys(measured.seconds), Object.keys(measured.cells));
      assertEquals(Object.keys(measured.cells).toSorted(), own.toSorted());
      for (const [row, { id, result, config, ...cell }] of Object.entries(measured.cells)) {
        assertEquals([id, cell.row], [`table${index + 1}/${name}/${row}`, row]);
        assertEquals(config.testText, measured.facts.testText);
        assertEquals(result.survivors.windowLosses.length, 3);
        assertEquals("denseOnSurvivors" in result, row.endsWith("pruned"));
        assertEquals("allPositions" in result, row.endsWith("pruned"));
      }
      const { fp16, rtn4 } = measured.cells as Record<RowKey, MeasuredCell>;
      const { divergence, agreement } = fp16.result.survivors;
      assertEquals([divergence!.value, agreement!.value], [0, 1]);
      assertEquals(rtn4.result.survivors.divergence!.value > 0, true);
    }));
}

Deno.test("measureModels() measures nothing twice, unless told to or the code changes", () =>
  withModel("llama", async (model) => {
    const store = memoryStore();
    const first = await measure(model, options({ store }));
    const second = await measure(model, options({ store }));
    assertEquals([second.computed, second.reused], [0, rows.length]);
    assertEquals([second.cells, second.seconds], [first.cells, first.seconds]);
    const fresh = await measure(model, options({ store, fresh: true }));
    assertEquals([fresh.computed, fresh.cells], [rows.length, first.cells]);
    const changed = await measure(model, options({ store, fingerprint: "v2" }));
    assertEquals([changed.computed, changed.reused], [rows.length, 0]);
  }));

Deno.test("measureModels() measures a model anew whose settings alone differ", () =>
  withModel("llama", async (model) => {
    const store = memoryStore();
    await measure(model, options({ store }));
    const other = { ...facts, settings: "another tokenizer" };
    const { computed } = await measure(model, options({ store }), { facts: other });
    assertEquals(computed, rows.length);
  }));

Deno.test("measureModels() measures the rows that are asked for, and adds others later", () =>
  withModel("llama", async (model) => {
    const store = memoryStore();
    const few = await measure(model, options({ store, rows: ["rtn4", "fp16"] }));
    assertEquals([Object.keys(few.cells), few.refusals], [["fp16", "rtn4"], {}]);
    const more = await measure(model, options({ store, rows: ["fp16", "rtn4", "fp16-pruned"] }));
    assertEquals([more.computed, more.reused], [1, 2]);
  }));

Deno.test("measureModels() keeps the rows beside those that are asked for, and measures none of them", () =>
  withModel("llama", async (model) => {
    const store = memoryStore();
    const few = await measure(model, options({ store, rows: ["rtn4", "fp16"] }));
    const other = await measure(model, options({ store, rows: ["rtn4"], fresh: true }));
    assertEquals([other.computed, other.reused], [1, 1]);
    assertEquals([Object.keys(other.cells), other.seconds.fp16], [
      ...[["fp16", "rtn4"], few.seconds.fp16],
    ]);
    assertEquals(other.cells.fp16, few.cells.fp16);
    const changed = await measure(model, options({ store, rows: ["rtn4"], fingerprint: "v2" }));
    assertEquals(Object.keys(changed.cells), ["rtn4"]);
  }));

Deno.test("measureModels() measures a row of several tables once, and counts it in the first", () =>
  withModel("llama", async (model) => {
    const rivals = namedTables.find(({ key }) => key === "rivals")!;
    const tables = [familyTables[0], rivals];
    const settings = options({ rows: ["fp16", "agileq-4-pruned", "smoothquant"] });
    const [printed, named] = await measureModels([tinySubject(model)], tables, settings);
    assertEquals([printed.computed, named.computed], [2, 1]);
    assertEquals(Object.keys(named.cells), ["fp16", "smoothquant"]);
    assertEquals(named.cells.fp16.result, printed.cells.fp16.result);
  }));

/** A signal, and progress that aborts it when the given work starts. */
function interruptAt(work: string): { progress: Progress; signal: AbortSignal } {
  const controller = new AbortController();
  const start = (label: string) => {
    if (label === work) controller.abort(new Error("interrupted"));
  };
  return { progress: { ...silent, start }, signal: controller.signal };
}

for (
  const [work, kept] of [
    ["[3/19] table1/llama/gptq4: windows", 5],
    ["[3/19] table1/llama/gptq4: GPTQ on llama", 5],
    ["[11/19] table1/llama/agileq-8-pruned: windows", 7],
  ] as const
) {
  Deno.test(`measureModels() interrupted at ${work} resumes there`, () =>
    withModel("llama", async (model) => {
      const store = memoryStore();
      const interrupted = () => measure(model, options({ store, ...interruptAt(work) }));
      await assertRejects(interrupted, Error, "interrupted");
      assertEquals(store.records.size, kept);
      const resumed = await measure(model, options({ store }));
      assertEquals([resumed.computed, resumed.reused], [rows.length - kept, kept]);
      assertEquals(Object.keys(resumed.cells), rows);
    }));
}

Deno.test("measureModels() refuses a model that none of the tables is about", () =>
  withModel("llama", async (model) => {
    await assertRejects(
      () => measure(model, options(), { tables: familyTables.slice(1) }),
      InputError,
      'Cannot measure llama: one of the tables must be about its family, got "llama"',
    );
  }));

Deno.test("measureModels() in integers measures anew only what can be executed so", () =>
  withModel("llama", async (model) => {
    const store = memoryStore();
    await measure(model, options({ store }));
    const inIntegers = await measure(model, options({ store, execute: "integer" }));
    assertEquals(inIntegers.refusals, {});
    for (const [row, { config }] of Object.entries(inIntegers.cells)) {
      const sharesSteps = /^agileq-.*(8|4|pruned|eq3)$/.test(row) && config.methodSettings.weights;
      assertEquals(config.execute, sharesSteps ? "integer" : undefined, row);
    }
    assertEquals([inIntegers.computed, inIntegers.reused], [6, rows.length - 6]);
  }));
