import { assertEquals, assertThrows } from "@std/assert";
import { InputError } from "../../lib/core/mod.ts";
import { ConfigReader } from "../../lib/model/config_reader.ts";

const reader = new ConfigReader(
  { layers: 3, width: null, n_width: 8, tied: true },
  "a/config.json",
);

Deno.test("ConfigReader takes any name that is present and not null", () => {
  assertEquals(reader.count(["width", "n_width"]), 8);
  assertEquals(reader.value(["width", "depth"], "none"), "none");
  assertEquals(reader.count("depth", 5), 5);
});

Deno.test("ConfigReader refuses names of one field that disagree", () => {
  const agreeing = new ConfigReader({ width: 8, n_width: 8 }, "a/config.json");
  assertEquals(agreeing.count(["width", "n_width"]), 8);
  assertThrows(
    () => reader.count(["n_width", "width", "layers"]),
    InputError,
    "Cannot load a/config.json: layers must be equal to n_width, 8, got 3",
  );
});

Deno.test("ConfigReader takes null for absent only where a field may be null", () => {
  assertEquals(reader.optionalCount("width"), undefined);
  assertEquals(reader.optionalCount("depth"), undefined);
  assertEquals(reader.optionalCount("layers"), 3);
  const refusals: [() => unknown, string][] = [
    [() => reader.count("width", 5), "width must be a positive integer, got null"],
    [() => reader.number("width", 5), "width must be a positive number, got null"],
    [() => reader.flag("width", true), "width must be true or false, got null"],
    [() => reader.only("width", 64), "width must be 64 to be computed here, got null"],
  ];
  for (const [read, rule] of refusals) {
    assertThrows(read, InputError, `Cannot load a/config.json: ${rule}`);
  }
});

Deno.test("ConfigReader accepts an absent field in token() and only()", () => {
  assertEquals(reader.token("bos_token_id"), null);
  assertEquals(reader.token("layers"), 3);
  reader.only("depth", 64);
  reader.only("width", null);
  reader.only("layers", 2, 3);
});

Deno.test("ConfigReader names the file, the field's first name and the value it refuses", () => {
  const refusals: [() => unknown, string][] = [
    [
      () => reader.count(["n_embed", "hidden_size"]),
      "n_embed must be a positive integer, got null",
    ],
    [() => reader.count("tied"), "tied must be a positive integer, got true"],
    [() => reader.number("rope_theta", -1), "rope_theta must be a positive number, got -1"],
    [() => reader.flag("layers", true), "layers must be true or false, got 3"],
    [() => reader.token("tied"), "tied must be a token id, got true"],
    [() => reader.only("layers", null), "layers must be null to be computed here, got 3"],
    [
      () => reader.headDim(10, 3),
      "num_attention_heads must be a divisor of the hidden size 10, got 3",
    ],
  ];
  for (const [read, rule] of refusals) {
    assertThrows(read, InputError, `Cannot load a/config.json: ${rule}`);
  }
});

Deno.test("ConfigReader reads objects that are fields, and names what it refuses of them by both names", () => {
  const config = { inner: { kind: "b", deep: { size: 0 } }, list: [1], none: null };
  const outer = new ConfigReader(config, "a/config.json");
  const inner = outer.within("inner");
  assertEquals(inner.oneOf(["kind", "type"], ["a", "b"], "a"), "b");
  assertEquals(inner.oneOf("type", ["a", "b"], "a"), "a");
  assertEquals(outer.within("none").config, {});
  assertEquals(outer.within("absent").countOrNull("size", 3), 3);
  assertEquals(outer.countOrNull("none", 3), null);
  inner.noOthers(["kind", "deep"]);
  outer.noOthers(["inner", "list"]);
  const refusals: [() => unknown, string][] = [
    [() => outer.within("list"), "list must be a JSON object, got [1]"],
    [
      () => inner.oneOf("kind", ["a", "c"], "a"),
      'inner.kind must be "a" or "c" to be computed here, got "b"',
    ],
    [() => inner.within("deep").count("size"), "inner.deep.size must be a positive integer, got 0"],
    [() => inner.noOthers(["deep"]), 'inner.kind must be absent to be computed here, got "b"'],
    [() => inner.countOrNull("kind", 3), 'inner.kind must be a positive integer, got "b"'],
  ];
  for (const [read, rule] of refusals) {
    assertThrows(read, InputError, `Cannot load a/config.json: ${rule}`);
  }
});
