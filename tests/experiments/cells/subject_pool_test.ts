import { assert, assertEquals, assertRejects } from "@std/assert";
import { cellKinds } from "../../../experiments/cells/cell_kinds.ts";
import { cellRunner } from "../../../experiments/cells/cell_runner.ts";
import { SubjectPool } from "../../../experiments/cells/subject_pool.ts";
import { evaluate, evaluationOf } from "../../../experiments/measure/evaluation.ts";
import type { KeptFolder, ModelRef } from "../../../experiments/measure/subject.ts";
import { InputError, silent } from "../../../lib/core/mod.ts";
import { withFolder } from "../../io/temporary_folder.ts";
import { removeWeights } from "../measure/tiny_folder.ts";
import { tinyCells, writeTinyRef } from "./tiny_cells.ts";

/** Runs a test on a tiny model, opened in windows of several lengths: as many models to a pool. */
function withRefs(test: (...refs: ModelRef[]) => Promise<void>): Promise<void> {
  return withFolder(async (folder) => {
    const ref = await writeTinyRef(folder, 3);
    await test(...[8, 16, 32].map((window) => ({ ...ref, window })));
  });
}

Deno.test("SubjectPool reads and loads a subject once, however its reference is written", () =>
  withRefs(async (ref) => {
    const pool = new SubjectPool();
    const reversed = Object.fromEntries(Object.entries(ref).toReversed()) as unknown as ModelRef;
    assert(await pool.read(ref) === await pool.read(reversed));
    const [one, two] = await Promise.all([ref, reversed].map((each) => pool.load(each)));
    assert(one === two);
    assert(await pool.load(ref) === one);
  }));

Deno.test("SubjectPool keeps so many models, and frees the one that was loaded first", () =>
  withRefs(async (...refs) => {
    const pool = new SubjectPool(2);
    const [first, second] = [await pool.load(refs[0]), await pool.load(refs[1])];
    assert(await pool.load(refs[0]) === first);
    await pool.load(refs[2]);
    assert(await pool.load(refs[1]) === second);
    assert(await pool.load(refs[0]) !== first);
    assert(await pool.load(refs[1]) !== second);
  }));

Deno.test("SubjectPool keeps every model unless told", () =>
  withRefs(async (...refs) => {
    const pool = new SubjectPool();
    const loaded = [];
    for (const ref of refs) loaded.push(await pool.load(ref));
    for (const [index, ref] of refs.entries()) assert(await pool.load(ref) === loaded[index]);
  }));

Deno.test("SubjectPool lets the cells of a subject share its run in full precision", () =>
  withRefs(async (ref) => {
    const subject = await new SubjectPool().load(ref);
    const { facts, testWindows, referenceStreams } = subject;
    const kept = () => testWindows.map((window) => referenceStreams!.has(window));
    assertEquals(kept(), testWindows.map(() => false));
    const first = await evaluate(subject, evaluationOf(facts, "rtn4"), {});
    assertEquals(kept(), testWindows.map(() => true));
    assertEquals(await evaluate(subject, evaluationOf(facts, "rtn4"), {}), first);
    const alone = { ...subject, referenceStreams: undefined };
    assertEquals(await evaluate(alone, evaluationOf(facts, "rtn4"), {}), first);
  }));

Deno.test("SubjectPool neither reads nor loads what it knows", () =>
  withRefs(async (ref) => {
    const known = await new SubjectPool().load(ref);
    const pool = new SubjectPool(1, [known]);
    await Deno.remove(ref.folder, { recursive: true });
    assert(await pool.read(ref) === known);
    assert(await pool.load(ref) === known);
    await Deno.mkdir(ref.folder);
  }));

Deno.test("SubjectPool loads no subject again that was refused", () =>
  withRefs(async (ref) => {
    const pool = new SubjectPool(1);
    await pool.read(ref);
    const weights = `${ref.folder}/model.safetensors`;
    const whole = await Deno.readFile(weights);
    await removeWeights(ref.folder);
    const refused = await assertRejects(() => pool.load(ref), InputError);
    await Deno.writeFile(weights, whole);
    assertEquals(await assertRejects(() => pool.load(ref)), refused);
    await new SubjectPool().load(ref);
  }));

Deno.test("SubjectPool reads what settings are chosen on as a figure's subject", () =>
  withRefs(async (ref) => {
    const pool = new SubjectPool();
    assertEquals("validationWindows" in await pool.read(ref), false);
    const choosing = await pool.read({ ...ref, choosing: true });
    assertEquals("validationWindows" in choosing, true);
    assert(await pool.read(choosing.ref) === choosing);
  }));

Deno.test("SubjectPool keeps quantized weights for other processes where it has a folder for them", () =>
  withFolder(async (folder) => {
    const [cell] = await tinyCells(await writeTinyRef(`${folder}/model`, 3), ["gptq4"]);
    const hooks = { progress: silent, signal: new AbortController().signal };
    const measure = (weights?: KeptFolder) =>
      cellRunner(cellKinds, new SubjectPool(1, [], { weights }))(cell, hooks);
    const blocksIn = async (sources: string) => {
      const result = await measure({ folder: `${folder}/weights`, sources });
      const versions = await Array.fromAsync(Deno.readDir(`${folder}/weights`));
      return { result, versions: versions.length };
    };
    const result = await measure();
    assertEquals(await blocksIn("v1"), { result, versions: 1 });
    assertEquals(await blocksIn("v1"), { result, versions: 1 });
    assertEquals(await blocksIn("v2"), { result, versions: 2 });
  }));
