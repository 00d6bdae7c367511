import { assertEquals, assertThrows } from "@std/assert";
import { InputError } from "../../lib/core/mod.ts";
import { type Architecture, chooseStartToken, prependToken } from "../../lib/model/mod.ts";
import { families } from "./tiny_models.ts";

/** A model with these settings; its start token is 1 unless they say otherwise. */
const model = (changes: Partial<Architecture> = {}) => ({
  name: "tiny",
  architecture: { ...families.llama, startToken: 1, ...changes },
});

const trained = model({ startsEveryWindow: true });
const adding = { startToken: 9 };

Deno.test("chooseStartToken() takes the start token that every training window had", () => {
  for (const tokenizer of [undefined, {}, adding]) {
    assertEquals(chooseStartToken(trained, tokenizer), { place: "window", id: 1 });
  }
});

Deno.test("chooseStartToken() takes once what the tokenizer puts in front of a text, else none", () => {
  assertEquals(chooseStartToken(model(), adding), { place: "once", id: 9 });
  assertEquals(chooseStartToken(model(), {}), { place: "none" });
  assertEquals(chooseStartToken(model()), { place: "none" });
});

Deno.test("chooseStartToken() follows the place that is asked for", () => {
  assertEquals(chooseStartToken(trained, adding, "none"), { place: "none" });
  assertEquals(chooseStartToken(trained, adding, "once"), { place: "once", id: 1 });
  assertEquals(chooseStartToken(model(), adding, "window"), { place: "window", id: 9 });
  assertEquals(chooseStartToken(model(), {}, "once"), { place: "once", id: 1 });
  assertEquals(chooseStartToken(model(), undefined, "once"), { place: "once", id: 1 });
});

Deno.test("chooseStartToken() refuses to place a token that nobody names", () => {
  for (const place of ["once", "window"] as const) {
    assertThrows(
      () => chooseStartToken(model({ startToken: null }), {}, place),
      InputError,
      "Cannot choose the start token: tiny must have bos_token_id, or its tokenizer put a token in",
    );
  }
});

Deno.test("chooseStartToken() refuses a token that the model does not know", () => {
  const message = "Cannot use the start token: token ids of tiny are 0..8, got 9";
  const small = model({ vocabularySize: 9 });
  assertThrows(() => chooseStartToken(small, adding), InputError, message);
  assertEquals(chooseStartToken(small, adding, "none"), { place: "none" });
});

Deno.test("prependToken() puts a token in front", () => {
  assertEquals(prependToken(7, Int32Array.of(1, 2)), Int32Array.of(7, 1, 2));
  assertEquals(prependToken(7, new Int32Array()), Int32Array.of(7));
  const long = prependToken(7, new Int32Array(300_000)); // more than one call has arguments
  assertEquals([long.length, long[0], long[1]], [300_001, 7, 0]);
});
