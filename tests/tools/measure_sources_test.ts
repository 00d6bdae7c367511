import { assertEquals, assertMatch } from "@std/assert";
import { cellRunner } from "../../experiments/cells/cell_runner.ts";
import { evaluationCells } from "../../experiments/measure/evaluation.ts";
import { SubjectPool } from "../../experiments/cells/subject_pool.ts";
import type { MeasureOptions } from "../../experiments/tables/measure_models.ts";
import { familyTables } from "../../experiments/tables/family_tables.ts";
import { InputError, silent } from "../../lib/core/mod.ts";
import { type CellStore, here } from "../../lib/sweep/mod.ts";
import { tf } from "../../lib/tensor/mod.ts";
import { measureSources, refusalsOf } from "../../tools/measure_sources.ts";
import { tinyArchitecture, writeTinyModel } from "../experiments/measure/tiny_folder.ts";
import { withFolder } from "../io/temporary_folder.ts";
import { memoryStore } from "../sweep/memory_store.ts";

/** What is measured of models of this family. */
const measuredRows = familyTables[0].rows.flatMap(({ measured }) => measured ?? []);

/** Measures models of a folder by their names on a few token ids. */
async function measure(root: string, models: string[], store: CellStore = memoryStore()) {
  const ids = Array.from({ length: 90 }, (_, index) => (7 * index) % 300);
  await Deno.writeTextFile(`${root}/ids.json`, JSON.stringify(ids));
  const file = { kind: "ids", path: `${root}/ids.json` } as const;
  const shared = { test: file, calibration: file, window: 16, windows: 2 };
  const sources = models.map((name) => ({
    ref: { folder: `${root}/${name}`, name, ...shared },
    family: "llama",
  }));
  const { signal } = new AbortController();
  const settings: MeasureOptions = { store, fingerprint: "v1", progress: silent, signal };
  const pool = new SubjectPool(1);
  const executor = here(cellRunner([evaluationCells], pool));
  return await measureSources(sources, pool, familyTables, { ...settings, executor });
}

Deno.test("measureSources() measures what a model allows, and every model that can be loaded", () =>
  withFolder(async (root) => {
    await writeTinyModel(`${root}/one`);
    await writeTinyModel(`${root}/two`, { ...tinyArchitecture, layers: 2 });
    const before = tf.memory().numTensors;
    const { measured, problems } = await measure(root, ["one", "missing", "two"]);
    assertEquals(tf.memory().numTensors, before);
    assertEquals(measured.map(({ name }) => name), ["one on ids.json", "two on ids.json"]);
    const [one, two] = measured;
    const pruned = Object.keys(one.refusals);
    const unfit = measuredRows.filter(({ pruning }) => pruning).map(({ key }) => key);
    assertEquals(pruned.toSorted(), unfit.toSorted());
    assertEquals(Object.keys(one.cells).length, measuredRows.length - unfit.length);
    assertEquals([two.refusals, Object.keys(two.cells).length], [{}, measuredRows.length]);
    const reason =
      "Cannot prune tokens: layers of one on ids.json are 0..0, or -1..-1 from the end";
    assertEquals(problems, [
      `missing: Cannot load ${root}/missing: the folder must exist`,
      ...pruned.map((row) => `table1/one on ids.json/${row}: ${reason}, got -2`),
    ]);
  }));

Deno.test("measureSources() uses cells again whatever the model is called", () =>
  withFolder(async (root) => {
    const store = memoryStore();
    await writeTinyModel(`${root}/one`, { ...tinyArchitecture, layers: 2 });
    const { measured: [first] } = await measure(root, ["one"], store);
    await Deno.rename(`${root}/one`, `${root}/two`);
    const { measured: [second] } = await measure(root, ["two"], store);
    assertEquals([second.computed, second.reused], [0, measuredRows.length]);
    const { fp16 } = second.cells;
    assertEquals([fp16?.id, fp16?.model], ["table1/two on ids.json/fp16", "two on ids.json"]);
    assertEquals(fp16?.result, first.cells.fp16?.result);
  }));

Deno.test("measureSources() names rows that could not be stored, and has them", () =>
  withFolder(async (root) => {
    const store = { ...memoryStore(), set: () => Promise.reject(new InputError("disk full")) };
    await writeTinyModel(`${root}/one`, { ...tinyArchitecture, layers: 2 });
    const { measured: [{ cells }], problems } = await measure(root, ["one"], store);
    const { length: rows } = measuredRows;
    assertEquals([Object.keys(cells).length, problems.length], [rows, rows]);
    assertMatch(problems[0], /^table1\/one on ids.json\/fp16: disk full$/);
  }));

Deno.test("refusalsOf() has every problem of a refusal by itself", async () => {
  const work = () => Promise.reject(new InputError("one", "two"));
  assertEquals(await refusalsOf(work), ["one", "two"]);
});
