import { assertEquals, assertThrows } from "@std/assert";
import { makeAll } from "../../lib/core/mod.ts";

Deno.test("makeAll() makes something of every item, or frees what it has made", () => {
  const freed: number[] = [];
  const make = (item: number) => {
    if (item < 0) throw new Error("refused");
    return { item, [Symbol.dispose]: () => void freed.push(item) };
  };
  assertEquals(makeAll([3, 1, 2], make).map(({ item }) => item), [3, 1, 2]);
  assertEquals(freed, []);
  assertThrows(() => makeAll([3, 1, -2, 4], make), Error, "refused");
  assertEquals(freed.toSorted(), [1, 3]);
});
