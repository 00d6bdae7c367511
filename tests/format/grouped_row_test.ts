import { assertEquals, assertThrows } from "@std/assert";
import { InputError } from "../../lib/core/mod.ts";
import { decodeGroups, groupingOf, largestGroup } from "../../lib/format/grouped_row.ts";

Deno.test("groupingOf() keeps an index where groups do not lie one after the other", () => {
  const scattered = Int32Array.of(1, 0, 1, 0);
  assertEquals(groupingOf(scattered, 4, 2, "store up"), scattered);
  assertEquals(groupingOf(Int32Array.of(0, 0, 0, 1), 4, 2, "store up"), 3);
  assertEquals(groupingOf(undefined, 4, 1, "store up"), 4);
  const rule = "Cannot store up: its groups must lie in 0..1, got 2";
  assertThrows(() => groupingOf(Int32Array.of(0, 2), 2, 2, "store up"), InputError, rule);
});

Deno.test("largestGroup() counts the columns of whole groups, not of the last", () => {
  assertEquals(largestGroup(128), 128);
  assertEquals(largestGroup(Int32Array.of(2, 0, 1, 0, 1, 0, 1)), 3);
  assertEquals(largestGroup(Uint8Array.of(0)), 1);
});

Deno.test("decodeGroups() takes the grid of each column's group, in float32", () => {
  const codes = Uint8Array.of(0, 1, 2, 3);
  const [scale, zeroPoint] = [Float32Array.of(0.5, 0.1), Float32Array.of(1, 0.1)];
  const steps = [-1, 0, Math.fround(2 - zeroPoint[1]), Math.fround(3 - zeroPoint[1])];
  const values = new Float32Array(4);
  decodeGroups(codes, scale, zeroPoint, 2, values);
  assertEquals(values, Float32Array.of(-0.5, 0, scale[1] * steps[2], scale[1] * steps[3]));
  const scattered = new Float32Array(4);
  decodeGroups(codes, scale, zeroPoint, Uint8Array.of(0, 0, 1, 1), scattered);
  assertEquals(scattered, values);
});
