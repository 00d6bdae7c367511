import { assertEquals, assertThrows } from "@std/assert";
import { InputError, refuse, require } from "../../lib/core/mod.ts";

const messageOf = (value?: unknown) =>
  assertThrows(() => refuse("quantize", "bits must be 2..8", value), InputError).message;

Deno.test("refuse() states action, rule and value", () => {
  assertEquals(messageOf(9), "Cannot quantize: bits must be 2..8, got 9");
});

Deno.test("refuse() leaves out an undefined value", () => {
  assertEquals(messageOf(), "Cannot quantize: bits must be 2..8");
});

Deno.test("refuse() shows each kind of value unambiguously", () => {
  const shown = (value: unknown) => messageOf(value).split(", got ")[1];
  assertEquals(shown(NaN), "NaN");
  assertEquals(shown(-Infinity), "-Infinity");
  assertEquals(shown(9n), "9");
  assertEquals(shown("9"), '"9"');
  assertEquals(shown(null), "null");
  assertEquals(shown([2, "a"]), '[2,"a"]');
  assertEquals(shown(new Int8Array([-1, 1])), "[-1,1]");
  assertEquals(shown("x".repeat(500)), `"${"x".repeat(116)}...`);
});

Deno.test("require() passes when the condition holds and refuses when it does not", () => {
  require(true, "quantize", "bits must be 2..8", 4);
  assertThrows(
    () => require(false, "quantize", "bits must be 2..8", 4),
    InputError,
    "Cannot quantize: bits must be 2..8, got 4",
  );
});

Deno.test("InputError is told apart from other errors by name", () => {
  assertEquals(new InputError("no").name, "InputError");
});
