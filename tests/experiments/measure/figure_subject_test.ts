import { assertEquals, assertNotEquals, assertRejects } from "@std/assert";
import { readFigureSubject } from "../../../experiments/measure/figure_subject.ts";
import type { ModelRef } from "../../../experiments/measure/subject.ts";
import { InputError } from "../../../lib/core/mod.ts";
import { tf } from "../../../lib/tensor/mod.ts";
import { withFolder } from "../../io/temporary_folder.ts";
import { writeTinyModel } from "./tiny_folder.ts";

/** Runs a test on a tiny model's windows of ten tokens; the text is so many of them long. */
const withWindows = (
  count: number,
  options: Partial<ModelRef>,
  test: (test: Int32Array[], validation: Int32Array[]) => void,
) =>
  withFolder(async (folder) => {
    await writeTinyModel(folder);
    await Deno.remove(`${folder}/tokenizer.json`);
    const path = `${folder}/ids.json`;
    const ids = Array.from({ length: 9 * count }, (_, id) => id);
    await Deno.writeTextFile(path, JSON.stringify(ids));
    const before = tf.memory().numTensors;
    try {
      const ref = { folder, name: "mine", window: 10, test: { kind: "ids", path } as const };
      const subject = await readFigureSubject({ ...ref, ...options }, { matrixProduct: "a test" });
      const { testWindows, validationWindows, facts } = subject;
      assertEquals(facts.windows, testWindows.length);
      test(testWindows, validationWindows);
    } finally {
      assertEquals(tf.memory().numTensors, before);
    }
  });

const firstIds = (windows: Int32Array[]) => windows.map((window) => window[1]);

Deno.test("readFigureSubject() tests on the first half of a text and chooses on the second", () =>
  withWindows(5, {}, (test, validation) => {
    assertEquals([firstIds(test), firstIds(validation)], [[0, 9, 18], [27, 36]]);
  }));

Deno.test("readFigureSubject() takes at most so many windows of each", () =>
  withWindows(5, { windows: 1 }, (test, validation) => {
    assertEquals([firstIds(test), firstIds(validation)], [[0], [27]]);
  }));

Deno.test("readFigureSubject() chooses on a text that is named for it, and tests on the whole other", () =>
  withFolder(async (folder) => {
    await writeTinyModel(folder);
    const [test, validation] = [`${folder}/test.json`, `${folder}/validation.json`];
    const ids = (first: number) => Array.from({ length: 27 }, (_, index) => first + index);
    await Deno.writeTextFile(test, JSON.stringify(ids(0)));
    await Deno.writeTextFile(validation, JSON.stringify(ids(100)));
    const subject = await readFigureSubject({
      ...{ folder, window: 10, test: { kind: "ids", path: test } },
      validation: { kind: "ids", path: validation },
    }, { matrixProduct: "a test" });
    assertEquals(firstIds(subject.testWindows), [0, 9, 18]);
    assertEquals(firstIds(subject.validationWindows), [100, 109, 118]);
    const { validationText, testText } = subject.facts;
    assertEquals(validationText!.startToken, testText.startToken);
    assertNotEquals(validationText!.sha256, testText.sha256);
    assertEquals(subject.validation, "validation.json");
  }));

Deno.test("readFigureSubject() warns of few scored windows, and of settings chosen on the tested text", () =>
  withFolder(async (folder) => {
    await writeTinyModel(folder);
    await Deno.remove(`${folder}/tokenizer.json`);
    const test = { kind: "ids", path: `${folder}/ids.json` } as const;
    await Deno.writeTextFile(test.path, JSON.stringify(Array.from({ length: 108 }, (_, id) => id)));
    const warningsOf = async (options: Partial<ModelRef>) =>
      (await readFigureSubject({ folder, window: 10, test, ...options }, {
        matrixProduct: "a test",
      }))
        .warnings;
    const few = (count: number) =>
      `Only ${count} windows are scored: intervals are narrower than 95 % asks for.`;
    const chosen = "Settings are chosen on the text that is tested: the figures flatter them.";
    assertEquals(await warningsOf({}), [few(6)]); // of twelve the others choose
    assertEquals(await warningsOf({ validation: test }), [chosen]);
    assertEquals(await warningsOf({ validation: test, windows: 2 }), [chosen, few(2)]);
  }));

Deno.test("readFigureSubject() refuses a text of one window", async () => {
  await assertRejects(
    () => withWindows(1, {}, () => {}),
    InputError,
    "Cannot draw mine on ids.json: the text must have two windows of 10 tokens, " +
      "to test and to choose on, got 1",
  );
});
