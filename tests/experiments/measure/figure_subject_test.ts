import { assertEquals, assertRejects } from "@std/assert";
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

Deno.test("readFigureSubject() refuses a text of one window", async () => {
  await assertRejects(
    () => withWindows(1, {}, () => {}),
    InputError,
    "Cannot draw mine on ids.json: the text must have two windows of 10 tokens, " +
      "to test and to choose on, got 1",
  );
});
