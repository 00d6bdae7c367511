import { assertEquals } from "@std/assert";
import { alibiSlopes } from "../../lib/model/mod.ts";

Deno.test("alibiSlopes() halves from head to head with eight heads", () => {
  assertEquals(alibiSlopes(8), [1, 2, 3, 4, 5, 6, 7, 8].map((power) => 2 ** -power));
});

Deno.test("alibiSlopes() interleaves for a head count that is no power of two", () => {
  assertEquals(alibiSlopes(6), [2 ** -2, 2 ** -4, 2 ** -6, 2 ** -8, 2 ** -1, 2 ** -3]);
  assertEquals(alibiSlopes(1), [2 ** -8]);
});
