import { assertEquals, assertRejects } from "@std/assert";
import { cellKinds } from "../../../experiments/cells/cell_kinds.ts";
import { cellRunner, withExecutor } from "../../../experiments/cells/cell_runner.ts";
import { SubjectPool } from "../../../experiments/cells/subject_pool.ts";
import { evaluate, evaluationCells } from "../../../experiments/measure/evaluation.ts";
import type { ModelRef } from "../../../experiments/measure/subject.ts";
import { InputError, silent } from "../../../lib/core/mod.ts";
import { type CellSpec, forgetful, here, runCells } from "../../../lib/sweep/mod.ts";
import { withFolder } from "../../io/temporary_folder.ts";
import { tinyCells, writeTinyRef } from "./tiny_cells.ts";

const hooks = { progress: silent, signal: new AbortController().signal };

Deno.test("cellKinds have names of their own", () => {
  const names = cellKinds.map(({ experiment }) => experiment);
  assertEquals(new Set(names).size, names.length);
});

Deno.test("cellRunner() measures a cell by its experiment, on the model that it names", () =>
  withFolder(async (folder) => {
    const [cell] = await tinyCells(await writeTinyRef(folder, 3), ["rtn4"]);
    const pool = new SubjectPool();
    const measured = await cellRunner(cellKinds, pool)(cell, hooks);
    const { experiment: _, model: ref } = cell;
    const subject = await pool.load(ref as typeof subject.ref);
    assertEquals<unknown>(measured, await evaluate(subject, cell.config, hooks));
  }));

Deno.test("cellRunner() refuses an experiment that it does not know, before it opens the model", async () => {
  const cell: CellSpec = { id: "a", experiment: "sing", model: { folder: "none" }, config: {} };
  await assertRejects(
    () => cellRunner([evaluationCells], new SubjectPool())(cell, hooks),
    InputError,
    'Cannot measure a: its experiment must be evaluate, got "sing"',
  );
});

Deno.test("cellRunner() measures what chooses nothing whatever is chosen on", () =>
  withFolder(async (folder) => {
    const [cell] = await tinyCells(await writeTinyRef(folder, 3), ["fp16"]);
    const { test } = cell.model as ModelRef;
    const model = { ...cell.model as ModelRef, choosing: true, validation: test };
    const run = cellRunner(cellKinds, new SubjectPool());
    await run({ ...cell, model }, hooks);
    const validationText = { sha256: "another", startToken: { place: "none" } };
    await assertRejects(
      () => run({ ...cell, model, config: { ...cell.config, validationText } }, hooks),
      InputError,
      "Cannot measure fp16: validationText must be as it was planned, ",
    );
  }));

for (
  const [what, change] of [
    ["weights", { weights: "0123" }],
    ["settings", { settings: "0123" }],
    ["testText", { testText: { sha256: "0123", startToken: { place: "none" } } }],
    ["calibrationText", { calibrationText: null }],
    ["matrixProduct", { matrixProduct: "an abacus" }],
    ["instructions", { instructions: "none" }],
  ] as const
) {
  Deno.test(`cellRunner() refuses a cell that was planned with other ${what}`, () =>
    withFolder(async (folder) => {
      const [cell] = await tinyCells(await writeTinyRef(folder, 3), ["fp16"]);
      const stale = { ...cell, config: { ...cell.config, ...change } };
      const error = await assertRejects(
        () => cellRunner(cellKinds, new SubjectPool())(stale, hooks),
        InputError,
      );
      const rule = `Cannot measure fp16: ${what} must be as it was planned, {"fact":`;
      assertEquals(error.message.slice(0, rule.length), rule);
    }));
}

Deno.test("cellRunner() refuses a cell whose model has changed since it was planned", () =>
  withFolder(async (folder) => {
    const [cell] = await tinyCells(await writeTinyRef(folder, 3), ["fp16"]);
    const config = await Deno.readTextFile(`${folder}/config.json`);
    await Deno.writeTextFile(`${folder}/config.json`, `${config} `);
    await assertRejects(
      () => cellRunner(cellKinds, new SubjectPool())(cell, hooks),
      InputError,
      "Cannot measure fp16: settings must be as it was planned, ",
    );
  }));

Deno.test("withExecutor() measures with the executor it is given, and without one on the subjects", () =>
  withFolder(async (folder) => {
    const [cell] = await tinyCells(await writeTinyRef(folder, 3), ["fp16"]);
    const given = here(() => Promise.resolve("given"));
    const executors = [given, undefined];
    const pool = new SubjectPool();
    const subjects = [await pool.read(cell.model as { folder: string })];
    const [first, second] = await Promise.all(
      executors.map((each) =>
        withExecutor(each, evaluationCells, subjects, async (executor) => {
          const options = { executor, store: forgetful, fingerprint: "v1" };
          return (await runCells([cell], options)).results.get(cell.id);
        })
      ),
    );
    assertEquals(first, "given");
    assertEquals(second, await cellRunner(cellKinds, pool)(cell, hooks));
  }));
