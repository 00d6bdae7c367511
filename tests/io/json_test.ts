import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { InputError } from "../../lib/core/mod.ts";
import { isObject, parseJson } from "../../lib/io/json.ts";

Deno.test("parseJson() gives what JSON.parse gives for JSON without repeated keys", () => {
  fc.assert(fc.property(fc.json(), fc.constantFrom(0, 2), (json, indent) => {
    const text = JSON.stringify(JSON.parse(json), null, indent);
    assertEquals(parseJson(text, "a.json"), JSON.parse(text));
  }));
});

Deno.test("parseJson() refuses text that is not JSON", () => {
  assertThrows(
    () => parseJson('{"a":', "a.json"),
    InputError,
    "Cannot read a.json: the file must be JSON, got ",
  );
});

Deno.test("parseJson() refuses repeated keys and names the first", () => {
  for (
    const [text, key] of [
      ['{"a":1,"a":2}', "a"],
      ['{"a":{"b":1,"c":{},"b":[]}}', "b"],
      ['[{"x":"a"},{"y":0,"z":["{"],"y":1}]', "y"],
      ['{"a" : 1, "\\u0061"\n:2}', "a"],
      ['{"\\\\":1,"\\"":2,"\\\\":3}', "\\\\"],
      ['{"__proto__":1,"__proto__":2}', "__proto__"],
    ]
  ) {
    assertThrows(
      () => parseJson(text, "a.json", "header"),
      InputError,
      `Cannot read a.json: the header must not repeat a key, got "${key}"`,
    );
  }
});

Deno.test("parseJson() accepts a key again in another object, and as a value", () => {
  const text = '{"a":{"a":"a"},"b":[{"a":"b:"},{"a":"\\":"}],"c":"a"}';
  assertEquals(parseJson(text, "a.json"), JSON.parse(text));
});

Deno.test("isObject() is true for objects alone", () => {
  assertEquals([{}, [], null, "x", 1].map(isObject), [true, false, false, false, false]);
});

Deno.test("parseJson() refuses brackets nested deeply, whether closed or not", () => {
  const refused = [
    "[".repeat(101),
    "[".repeat(1e7),
    '{"a":'.repeat(101) + "1" + "}".repeat(101),
    `{"a":"]]","b":${"[".repeat(100)}1${"]".repeat(100)}}`,
  ];
  for (const text of refused) {
    assertThrows(
      () => parseJson(text, "a.json", "header"),
      InputError,
      "Cannot read a.json: the header must nest arrays and objects at most 100 deep",
    );
  }
  const accepted = [
    "[".repeat(100) + "]".repeat(100),
    `["${"[".repeat(999)}\\"[", ${"[],".repeat(999)}1]`,
  ];
  for (const text of accepted) assertEquals(parseJson(text, "a.json"), JSON.parse(text));
  assertThrows(() => parseJson('["[[', "a.json"), InputError, "the file must be JSON");
});
