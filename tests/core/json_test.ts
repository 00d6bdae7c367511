import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { canonicalJson, decodeJson, encodeJson, InputError } from "../../lib/core/mod.ts";

Deno.test("encodeJson() and decodeJson() are inverse", () => {
  const plainData = fc.json().filter((text) => !/"(NaN|-?Infinity)"/.test(text)).map(JSON.parse);
  fc.assert(fc.property(plainData, (value) => {
    assertEquals(decodeJson(encodeJson(value)), value);
  }));
  const diverged = { perplexity: [Infinity, -Infinity, NaN] };
  assertEquals(decodeJson(encodeJson(diverged)), diverged);
});

Deno.test("encodeJson() indents and keeps the order of keys", () => {
  assertEquals(encodeJson({ b: 1, a: [NaN] }), '{"b":1,"a":["NaN"]}');
  assertEquals(encodeJson({ b: 1 }, 2), '{\n  "b": 1\n}');
});

Deno.test("encodeJson() leaves out undefined properties", () => {
  assertEquals(encodeJson({ bits: 4, groupSize: undefined }), '{"bits":4}');
});

Deno.test("encodeJson() names the part that is no plain data", () => {
  const refusals: [unknown, string][] = [
    [{ losses: new Float32Array(1) }, 'value.losses must be plain data, got "Float32Array"'],
    [{ cells: [1, () => 2] }, 'value.cells[1] must be plain data, got "Function"'],
    [[undefined], 'value[0] must be plain data, got "undefined"'],
    [new Map(), 'value must be plain data, got "Map"'],
    [1n, 'value must be plain data, got "BigInt"'],
  ];
  for (const [value, message] of refusals) {
    assertThrows(() => encodeJson(value), InputError, `Cannot write JSON: ${message}`);
  }
});

Deno.test("canonicalJson() does not depend on the order of keys", () => {
  assertEquals(canonicalJson({ b: { d: 1, c: 2 }, a: [3] }), '{"a":[3],"b":{"c":2,"d":1}}');
});

Deno.test("decodeJson() throws on a truncated text", () => {
  assertThrows(() => decodeJson('{"a":'), SyntaxError);
});

Deno.test("decodeJson() throws on what is nested so deeply that encodeJson() could not look into it", () => {
  const nested = (depth: number) => "[".repeat(depth) + "]".repeat(depth);
  assertEquals(encodeJson(decodeJson(nested(100))), nested(100));
  for (const depth of [101, 3000, 100_000]) {
    assertThrows(() => decodeJson(nested(depth)), SyntaxError, "JSON must be at most 100 deep");
  }
});
