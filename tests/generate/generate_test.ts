import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { InputError } from "../../lib/core/mod.ts";
import { continuePrompt, generate } from "../../lib/generate/mod.ts";
import type { OpenModel } from "../../lib/model/mod.ts";
import { freeBytes, tf, useBackend } from "../../lib/tensor/mod.ts";
import { families, randomIds, tinyArchitectures, withRandomModel } from "../model/tiny_models.ts";
import { logitsOf } from "../model/with_reference.ts";

const greedy = { temperature: 0 };

/** Greedy decoding by the definition: the whole window anew for every token. */
function slowly(model: OpenModel, prompt: Int32Array, tokens: number): number[] {
  const ids = [...prompt];
  for (let count = 0; count < tokens; count++) {
    const last = logitsOf(model, Int32Array.from(ids)).slice(-model.architecture.vocabularySize);
    ids.push(last.indexOf(Math.max(...last)));
  }
  return ids.slice(prompt.length);
}

for (const [name, architecture] of Object.entries(tinyArchitectures)) {
  Deno.test(`generate() gives the most likely tokens of whole windows: ${name}`, async () => {
    await useBackend("agile", { native: false });
    await withRandomModel(architecture, (model) => {
      const prompt = randomIds(9);
      const expected = slowly(model, prompt, 20);
      assertEquals([...generate(model, prompt, { ...greedy, tokens: 20 })], expected);
    });
    await useBackend("agile");
  });
}

Deno.test("generate() stops before an end token", () =>
  withRandomModel(families.llama, (model) => {
    const prompt = randomIds(5);
    const all = [...generate(model, prompt, { ...greedy, tokens: 12 })];
    const end = all[7];
    const stopped = generate(model, prompt, { ...greedy, tokens: 12, endTokens: new Set([end]) });
    assertEquals([...stopped], all.slice(0, all.indexOf(end)));
  }));

Deno.test("generate() draws the same text from the same seed, another from another", () =>
  withRandomModel(families.bloom, (model) => {
    const draw = (seed: number) => [
      ...generate(model, randomIds(5), { temperature: 1, tokens: 30, seed }),
    ];
    assertEquals(draw(3), draw(3));
    assertEquals(draw(3).join() === draw(4).join(), false);
  }));

Deno.test("generate() holds no tensors between two steps", () =>
  withRandomModel(families.opt, (model) => {
    model.outer.head; // opens when it is first asked for
    const before = tf.memory().numTensors;
    const tokens = generate(model, randomIds(5), { ...greedy, tokens: 10, cache: "int8" });
    for (const _ of tokens) assertEquals(tf.memory().numTensors, before);
    assertEquals(tf.memory().numTensors, before);
  }));

Deno.test("generate() frees its cache at the end, where it is left and where it is refused", () =>
  withRandomModel(families.opt, (model) => {
    for (const cache of ["float32", "int8"] as const) {
      const start = () => generate(model, randomIds(5), { ...greedy, tokens: 10, cache });
      assertEquals([...start()].length, 10); // opens what the model opens when it is first asked for
      const free = freeBytes();
      assertEquals([...start()].length, 10);
      assertEquals(freeBytes(), free);
      for (const _ of start()) break;
      assertEquals(freeBytes(), free);
      const beyond = generate(model, Int32Array.of(1e6), { ...greedy, tokens: 1, cache });
      assertThrows(() => beyond.next(), InputError);
      assertEquals(freeBytes(), free);
    }
  }));

Deno.test("generate() refuses more tokens than the window takes", () =>
  withRandomModel(families.opt, (model) => {
    assertThrows(
      () => generate(model, randomIds(30), { ...greedy, tokens: 35 }).next(),
      InputError,
      "Cannot generate: prompt and tokens must number at most 64 with random, got 65",
    );
    assertEquals([...generate(model, randomIds(30), { ...greedy, tokens: 34 })].length, 34);
  }));

Deno.test("continuePrompt() gives what generate() does and closes the model, refused or not", () =>
  withRandomModel(families.bloom, async (model, stored) => {
    const options = { temperature: 1, tokens: 12, seed: 3 };
    const expected = [...generate(model, randomIds(5), options)];
    const before = tf.memory().numTensors;
    assertEquals(await continuePrompt(stored, randomIds(5), options), expected);
    assertEquals(tf.memory().numTensors, before);
    const strange = Int32Array.of(50);
    await assertRejects(() => continuePrompt(stored, strange, options), InputError, "token ids");
    assertEquals(tf.memory().numTensors, before);
  }));
