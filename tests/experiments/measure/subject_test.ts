import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { tokenizeSplit } from "../../../experiments/measure/encyclopedia.ts";
import {
  calibrationOf,
  loadSubject,
  type ModelRef,
  readSubject,
} from "../../../experiments/measure/subject.ts";
import { InputError } from "../../../lib/core/mod.ts";
import { hashFile, loadTokenizer } from "../../../lib/io/mod.ts";
import type { StartToken } from "../../../lib/model/mod.ts";
import { withFolder } from "../../io/temporary_folder.ts";
import { removeWeights, tinyArchitecture, writeTinyModel } from "./tiny_folder.ts";

const matrixProduct = "a test";
const instructions = "some";

const backend = { matrixProduct, instructions };

/** What {@linkcode loadSubject} makes of a folder. */
async function load(folder: string, ref: Partial<ModelRef> = {}) {
  return await loadSubject(await readSubject({ folder, ...ref }, backend));
}

Deno.test("loadSubject() cuts the test split and knows what identifies the measurement", () =>
  withFolder(async (folder) => {
    await writeTinyModel(folder);
    const { model, calibration: drawnFrom, testWindows, facts, warnings } = await load(folder);
    assertEquals(warnings, []);
    const tokenizer = await loadTokenizer(folder);
    const test = await tokenizeSplit("test", tokenizer);
    const calibration = await tokenizeSplit("calibration", tokenizer);
    assertEquals(model.architecture, tinyArchitecture);
    assertEquals(drawnFrom!.ids, calibration.ids);
    const startToken: StartToken = { place: "window", id: 0 };
    assertEquals(testWindows.length, Math.floor(test.ids.length / 511));
    assertEquals(testWindows[1], Int32Array.of(0, ...test.ids.subarray(511, 1022)));
    assertEquals(facts, {
      weights: await hashFile(`${folder}/model.safetensors`),
      settings: facts.settings,
      calibrationText: { sha256: calibration.hash, startToken },
      testText: { sha256: test.hash, startToken },
      window: 512,
      windows: testWindows.length,
      weightWindows: 32,
      activationWindows: 10,
      seed: 0,
      matrixProduct,
      instructions,
    });
  }));

Deno.test("loadSubject() takes the window it is given", () =>
  withFolder(async (folder) => {
    await writeTinyModel(folder);
    const { testWindows, facts } = await load(folder, { window: 100 });
    assertEquals([testWindows[0].length, facts.window], [100, 100]);
  }));

Deno.test("loadSubject() puts start tokens where it is told", () =>
  withFolder(async (folder) => {
    await writeTinyModel(folder);
    const { testWindows, facts } = await load(folder, { window: 100, startToken: "once" });
    const startToken: StartToken = { place: "once", id: 0 };
    assertEquals([facts.testText.startToken, facts.calibrationText!.startToken], [
      startToken,
      startToken,
    ]);
    assertEquals(testWindows.slice(0, 2).map(([first]) => first === 0), [true, false]);
  }));

Deno.test("loadSubject() tells apart models that differ in config.json or tokenizer.json alone", () =>
  withFolder(async (folder) => {
    await writeTinyModel(folder);
    const settings = [(await load(folder)).facts];
    for (const name of ["config.json", "tokenizer.json"]) {
      const text = await Deno.readTextFile(`${folder}/${name}`);
      await Deno.writeTextFile(`${folder}/${name}`, `${text} `);
      settings.push((await load(folder)).facts);
    }
    assertEquals(new Set(settings.map(({ weights }) => weights)).size, 1);
    assertEquals(new Set(settings.map(({ settings }) => settings)).size, 3);
  }));

Deno.test("loadSubject() tells apart models that differ in a file of vocab.json and merges.txt alone", () =>
  withFolder(async (folder) => {
    await writeTinyModel(folder);
    await Deno.remove(`${folder}/tokenizer.json`);
    const test = fileOf(folder, "test.json", idsOf(2));
    const files = { "vocab.json": '{"a":0}', "merges.txt": "\n", "tokenizer_config.json": "{}" };
    const settings = new Set<string>();
    for (const [name, content] of Object.entries(files)) {
      await Deno.writeTextFile(`${folder}/${name}`, content);
      if (name === "vocab.json") continue;
      const { facts } = await load(folder, { test, calibration: null, window: 10 });
      settings.add(facts.settings);
    }
    assertEquals(settings.size, 2);
  }));

Deno.test("loadSubject() refuses a tokenizer with tokens that the model does not know", () =>
  withFolder(async (folder) => {
    await writeTinyModel(folder, { ...tinyArchitecture, vocabularySize: 100 });
    await assertRejects(
      () => load(folder),
      InputError,
      `Cannot use the tokenizer of ${folder}: token ids of`,
    );
  }));

Deno.test("loadSubject() refuses a folder without tokenizer", () =>
  withFolder(async (folder) => {
    await writeTinyModel(folder);
    await Deno.remove(`${folder}/tokenizer.json`);
    await assertRejects(
      () => load(folder),
      InputError,
      "the built-in text needs a tokenizer: name another with --ids",
    );
  }));

const fileOf = (folder: string, name: string, content: unknown) => {
  Deno.writeTextFileSync(`${folder}/${name}`, JSON.stringify(content));
  return { kind: "ids", path: `${folder}/${name}` } as const;
};

/** As many ids as make so many windows of ten tokens, start tokens included. */
const idsOf = (windows: number) => Array.from({ length: 9 * windows }, (_, id) => id);

Deno.test("loadSubject() takes token ids without a tokenizer, and at most so many windows", () =>
  withFolder(async (folder) => {
    await writeTinyModel(folder);
    await Deno.remove(`${folder}/tokenizer.json`);
    const test = fileOf(folder, "test.json", idsOf(5));
    const subject = await load(folder, { name: "mine", test, window: 10, windows: 3 });
    assertEquals(subject.testWindows[1], Int32Array.of(0, ...idsOf(5).slice(9, 18)));
    const { window, windows, testText, calibrationText } = subject.facts;
    assertEquals([window, windows, calibrationText], [10, 3, null]);
    assertEquals(testText.sha256, await hashFile(test.path));
    assertEquals(Array.from(subject.test.ids), idsOf(5)); // the whole text, whatever is scored
    assertEquals([subject.model.name, subject.title], ["mine on test.json", "mine on test.json"]);
    assertThrows(
      () => calibrationOf(subject),
      InputError,
      "Cannot calibrate mine on test.json: the built-in text needs a tokenizer: " +
        "name another with --calibration",
    );
  }));

Deno.test("loadSubject() calibrates on the ids that it is given", () =>
  withFolder(async (folder) => {
    await writeTinyModel(folder);
    await Deno.remove(`${folder}/tokenizer.json`);
    const test = fileOf(folder, "test.json", idsOf(2));
    const calibration = fileOf(folder, "other.json", [...idsOf(2), 0]);
    const subject = await load(folder, { test, calibration, window: 10 });
    assertEquals(subject.facts.calibrationText?.sha256, await hashFile(calibration.path));
    assertEquals(calibrationOf(subject).weightWindows.length, 32);
    assertEquals(subject.warnings, [
      "32 calibration windows of 10 tokens are drawn from the 19 tokens of other.json: they overlap.",
      "Only 2 windows are scored: intervals are narrower than 95 % asks for.",
    ]);
    const { warnings } = await load(folder, { test, calibration: test, window: 10, windows: 1 });
    assertEquals(warnings.length, 3); // the tested text, overlap, one window
  }));

Deno.test("loadSubject() says which text a model is tested on", () =>
  withFolder(async (folder) => {
    await writeTinyModel(folder);
    const { model, title } = await load(folder, { name: "mine" });
    assertEquals([model.name, title], ["mine", "mine on the synthetic encyclopedia"]);
  }));

Deno.test("loadSubject() refuses windows and texts before it loads the weights", () =>
  withFolder(async (folder) => {
    await writeTinyModel(folder);
    await removeWeights(folder);
    await assertRejects(() => load(folder), InputError, "tensor");
    const { maxPositions } = tinyArchitecture;
    const missing = { kind: "ids", path: `${folder}/missing.json` } as const;
    for (
      const [options, message] of [
        [{ window: maxPositions + 1 }, `at most ${maxPositions} tokens, got ${maxPositions + 1}`],
        [{ test: missing }, `Cannot read ${missing.path}: the file must exist`],
        [{ calibration: missing }, `Cannot read ${missing.path}: the file must exist`],
        [{ test: fileOf(folder, "short.json", [1, 2]) }, "must have at least 511 tokens, got 2"],
        [
          { calibration: fileOf(folder, "few.json", [1, 2]) },
          "Cannot draw calibration windows: few.json must have more than 511 tokens, got 2",
        ],
      ] as const
    ) {
      await assertRejects(() => load(folder, options), InputError, message);
    }
  }));

Deno.test("readSubject() says in a model's name what its weights are dequantized from", () =>
  withFolder(async (folder) => {
    const path = `${folder}/ids.json`;
    await Deno.writeTextFile(path, JSON.stringify(Array(64).fill(3)));
    const test = { kind: "ids", path } as const;
    const nameOf = async (file: string) => {
      const model = `tests/golden/checkpoints/gguf/${file}`;
      return (await readSubject({ folder: model, window: 32, test, calibration: null }, backend))
        .model.name;
    };
    assertEquals(await nameOf("llama-f16.gguf"), "llama-f16 on ids.json");
    assertEquals(await nameOf("llama-q4_1.gguf"), "llama-q4_1 (dequantized from Q4_1) on ids.json");
  }));
