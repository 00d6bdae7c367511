import { assertEquals, assertRejects } from "@std/assert";
import { loadFigureSubject } from "../../../experiments/measure/figure_subject.ts";
import type { SubjectOptions } from "../../../experiments/measure/subject.ts";
import { InputError } from "../../../lib/core/mod.ts";
import { tf } from "../../../lib/tensor/mod.ts";
import { withFolder } from "../../io/temporary_folder.ts";
import { removeWeights, writeTinyModel } from "./tiny_folder.ts";

/** Runs a test on a tiny model's windows of ten tokens; the text is so many of them long. */
const withWindows = (
  count: number,
  options: Partial<SubjectOptions>,
  test: (test: Int32Array[], validation: Int32Array[]) => void,
  change: (folder: string) => Promise<void> = () => Promise.resolve(),
) =>
  withFolder(async (folder) => {
    await writeTinyModel(folder);
    await Deno.remove(`${folder}/tokenizer.json`);
    await change(folder);
    const path = `${folder}/ids.json`;
    const ids = Array.from({ length: 9 * count }, (_, id) => id);
    await Deno.writeTextFile(path, JSON.stringify(ids));
    const before = tf.memory().numTensors;
    try {
      const shared = { matrixProduct: "a test", name: "mine", window: 10 };
      const settings = { ...shared, test: { kind: "ids", path } as const, ...options };
      using subject = await loadFigureSubject(folder, settings);
      const { testWindows, validationWindows, facts } = subject;
      assertEquals(facts.windows, testWindows.length);
      test(testWindows, validationWindows);
    } finally {
      assertEquals(tf.memory().numTensors, before);
    }
  });

const firstIds = (windows: Int32Array[]) => windows.map((window) => window[1]);

Deno.test("loadFigureSubject() tests on the first half of a text and chooses on the second", () =>
  withWindows(5, {}, (test, validation) => {
    assertEquals([firstIds(test), firstIds(validation)], [[0, 9, 18], [27, 36]]);
  }));

Deno.test("loadFigureSubject() takes at most so many windows of each", () =>
  withWindows(5, { windows: 1 }, (test, validation) => {
    assertEquals([firstIds(test), firstIds(validation)], [[0], [27]]);
  }));

Deno.test("loadFigureSubject() refuses a text of one window before it loads the weights", async () => {
  await assertRejects(
    () => withWindows(1, {}, () => {}, removeWeights),
    InputError,
    "Cannot draw mine on ids.json: the text must have two windows of 10 tokens, " +
      "to test and to choose on, got 1",
  );
});
