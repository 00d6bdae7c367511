import { assertEquals, assertThrows } from "@std/assert";
import { InputError } from "../../lib/core/mod.ts";
import { listedType } from "../../lib/format/mod.ts";

Deno.test("listedType() rounds to the nearest, the middle to the lower", () => {
  const { bits, max, values, encode } = listedType("four", [-3, 0, 1, 2]);
  assertEquals([bits, max, ...values], [2, 3, -3, 0, 1, 2]);
  const codes = [-9, -1.5, -1.4, 0.5, 0.6, 1.5, 99].map(encode);
  assertEquals(codes, [0, 0, 1, 1, 2, 2, 3]);
});

Deno.test("listedType() refuses other numbers of values, and those that do not ascend", () => {
  const refuses = (values: number[], rule: string) =>
    assertThrows(() => listedType("X", values), InputError, `Cannot make the format X: ${rule}`);
  refuses([0, 1, 2], "it must have 4, 8, 16, .. or 256 values, got 3");
  refuses([0, 2, 1, 3], "its values must ascend, got [0,2,1,3]");
});
