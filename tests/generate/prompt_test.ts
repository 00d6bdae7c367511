import { assertEquals, assertThrows } from "@std/assert";
import { InputError } from "../../lib/core/mod.ts";
import { encodePrompt } from "../../lib/generate/mod.ts";
import { families } from "../model/tiny_models.ts";

const encode = (text: string) => Int32Array.from(text, Number);

Deno.test("encodePrompt() puts the token first that every window of the model starts with", () => {
  const model = {
    name: "random",
    architecture: { ...families.opt, startToken: 1, startsEveryWindow: true },
  };
  assertEquals(encodePrompt(model, { encode, startToken: 9 }, "56"), Int32Array.of(1, 5, 6));
  assertEquals(encodePrompt(model, { encode }, ""), Int32Array.of(1));
});

Deno.test("encodePrompt() puts the token first that the tokenizer adds", () => {
  const model = { name: "random", architecture: families.opt };
  assertEquals(encodePrompt(model, { encode, startToken: 9 }, "56"), Int32Array.of(9, 5, 6));
  assertEquals(encodePrompt(model, { encode }, "56"), Int32Array.of(5, 6));
});

Deno.test("encodePrompt() refuses a prompt without any token", () => {
  const model = { name: "random", architecture: families.bloom };
  assertThrows(
    () => encodePrompt(model, { encode }, ""),
    InputError,
    'Cannot read the prompt: it must have at least one token, got ""',
  );
});

Deno.test("encodePrompt() refuses a token that the model does not know", () => {
  const model = { name: "random", architecture: families.opt };
  const { vocabularySize } = model.architecture;
  const strange = { encode: () => Int32Array.of(1, vocabularySize) };
  assertThrows(
    () => encodePrompt(model, strange, "a"),
    InputError,
    `Cannot read the prompt: token ids of random are 0..${vocabularySize - 1}, ` +
      `got ${vocabularySize}`,
  );
});
