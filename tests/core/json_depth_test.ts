import { assertEquals } from "@std/assert";
import { closingQuote, deepestJson, isTooDeep } from "../../lib/core/mod.ts";

Deno.test("isTooDeep() counts brackets that are open at a time, and none in strings", () => {
  const nested = (depth: number) => "[".repeat(depth) + "]".repeat(depth);
  assertEquals(isTooDeep(nested(deepestJson)), false);
  assertEquals(isTooDeep(nested(deepestJson + 1)), true);
  assertEquals(isTooDeep("[]".repeat(deepestJson + 1)), false);
  assertEquals(isTooDeep('{"a":'.repeat(deepestJson + 1)), true);
  assertEquals(isTooDeep(`["\\"${"[".repeat(deepestJson + 1)}"]`), false);
});

Deno.test("closingQuote() passes over what is escaped", () => {
  assertEquals(closingQuote('a"b"', 1), 3);
  assertEquals(closingQuote('"\\"\\\\"]', 0), 5);
  assertEquals(closingQuote('"no end', 0), 7);
});
