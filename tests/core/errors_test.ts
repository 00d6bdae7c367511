import { assertEquals, assertThrows } from "@std/assert";
import { InputError, printable, refuse, require, shortened } from "../../lib/core/mod.ts";

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
  assertEquals(shown(BigUint64Array.of(1n, 2n ** 64n - 1n)), '["1","18446744073709551615"]');
  assertEquals(shown({ a: [9n] }), '{"a":["9"]}');
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

Deno.test("printable() leaves no character that moves, colours or hides text on a terminal", () => {
  assertEquals(printable("w\x1b[2J\x9b31m\x07\x7f"), "w\\u{1b}[2J\\u{9b}31m\\u{7}\\u{7f}");
  assertEquals(printable("a\u202eb\u200bc\ud800"), "a\\u{202e}b\\u{200b}c\\u{d800}");
  assertEquals(printable("one \r\n  two\u2028three\tfour"), "one two three\\u{9}four");
  assertEquals(printable("Zürich 東京 🙂 (5 %)"), "Zürich 東京 🙂 (5 %)");
  assertEquals(printable("x".repeat(9999)), `${"x".repeat(1997)}...`);
});

Deno.test("InputError is one printable line, whatever its rule and action name", () => {
  const error = assertThrows(
    () => refuse("read tensor \x1b[31mw of a\n.bin", "it\x07 must be there"),
    InputError,
  );
  const line = "Cannot read tensor \\u{1b}[31mw of a .bin: it\\u{7} must be there";
  assertEquals(error.message, line);
});

Deno.test("refuse() looks at the beginning of a large value alone", () => {
  const large = new Proxy(new Array(1e6).fill(1), {
    get(target, key, receiver) {
      if (key === "999") throw new Error("looked too far");
      return Reflect.get(target, key, receiver);
    },
  });
  assertEquals(messageOf(large).endsWith("..."), true);
  assertEquals(messageOf(new Float32Array(1e6)).endsWith(",0,..."), true);
  const names = Object.fromEntries(Array.from({ length: 1000 }, (_, i) => [`name ${i}`, {}]));
  Object.defineProperty(names, "name 999", {
    get: () => refuse("look", "it is too far"),
    enumerable: true,
  });
  assertEquals(messageOf(names).split(", got ")[1].startsWith('{"name 0":{},"name 1":{}'), true);
});

Deno.test("refuse() shows a value whose JSON would be too long for a string", () => {
  const text = "x".repeat(2 ** 28);
  assertEquals(messageOf([text, text, text]).split(", got ")[1], `["${"x".repeat(115)}...`);
});

Deno.test("shortened() keeps the beginning of a long text, as long as asked for with its dots", () => {
  assertEquals(shortened("abcdef", 6), "abcdef");
  assertEquals(shortened("abcdefg", 6), "abc...");
  assertEquals(shortened("x".repeat(121)), `${"x".repeat(117)}...`);
});
