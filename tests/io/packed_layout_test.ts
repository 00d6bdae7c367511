import { assertEquals } from "@std/assert";
import { adjacentGroups } from "../../lib/io/packed_layout.ts";

Deno.test("adjacentGroups() numbers groups of neighbours, the last perhaps smaller", () => {
  assertEquals(adjacentGroups(5, 2), Int32Array.of(0, 0, 1, 1, 2));
  assertEquals(adjacentGroups(3, Infinity), Int32Array.of(0, 0, 0));
});
