import { assertEquals, assertRejects } from "@std/assert";
import { tokenizeSplit } from "../../experiments/encyclopedia.ts";
import { loadSubject } from "../../experiments/subject.ts";
import { InputError } from "../../lib/core/mod.ts";
import { hashFile, loadTokenizer } from "../../lib/io/mod.ts";
import { disposeModel, type StartToken } from "../../lib/model/mod.ts";
import { withFolder } from "../io/temporary_folder.ts";
import { tinyArchitecture, writeTinyModel } from "./tiny_folder.ts";

const matrixProduct = "a test";

/** What {@linkcode loadSubject} makes of a folder, its model freed. */
async function load(folder: string, window?: number) {
  const subject = await loadSubject(folder, { matrixProduct, window });
  disposeModel(subject.model);
  return subject;
}

Deno.test("loadSubject() cuts the test split and knows what identifies the measurement", () =>
  withFolder(async (folder) => {
    await writeTinyModel(folder);
    const { model, calibration: drawnFrom, testWindows, facts } = await load(folder);
    const tokenizer = await loadTokenizer(folder);
    const test = await tokenizeSplit("test", tokenizer);
    const calibration = await tokenizeSplit("calibration", tokenizer);
    assertEquals(model.architecture, tinyArchitecture);
    assertEquals(drawnFrom.ids, calibration.ids);
    const startToken: StartToken = { place: "window", id: 0 };
    assertEquals(testWindows.length, Math.floor(test.ids.length / 511));
    assertEquals(testWindows[1], Int32Array.of(0, ...test.ids.subarray(511, 1022)));
    assertEquals(facts, {
      weights: await hashFile(`${folder}/model.safetensors`),
      settings: facts.settings,
      calibrationText: { sha256: calibration.hash, startToken },
      testText: { sha256: test.hash, startToken },
      profile: "paper",
      window: 512,
      windows: testWindows.length,
      weightWindows: 32,
      activationWindows: 10,
      seed: 0,
      matrixProduct,
    });
  }));

Deno.test("loadSubject() takes the window it is given", () =>
  withFolder(async (folder) => {
    await writeTinyModel(folder);
    const { testWindows, facts } = await load(folder, 100);
    assertEquals([testWindows[0].length, facts.window], [100, 100]);
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

Deno.test("loadSubject() refuses a tokenizer with tokens that the model does not know", () =>
  withFolder(async (folder) => {
    await writeTinyModel(folder, { ...tinyArchitecture, vocabularySize: 100 });
    await assertRejects(
      () => loadSubject(folder, { matrixProduct }),
      InputError,
      `Cannot use the tokenizer of ${folder}: token ids of`,
    );
  }));

Deno.test("loadSubject() refuses a folder without tokenizer", () =>
  withFolder(async (folder) => {
    await writeTinyModel(folder);
    await Deno.remove(`${folder}/tokenizer.json`);
    await assertRejects(
      () => loadSubject(folder, { matrixProduct }),
      InputError,
      `Cannot read ${folder}/tokenizer.json: the file must exist`,
    );
  }));
