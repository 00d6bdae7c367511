import { assertEquals } from "@std/assert";
import { addCounts, describeCounts, entriesOf, repeatCounts } from "../../lib/format/mod.ts";

const product = { "multiply int8": 1, "add int32": 1 } as const;

Deno.test("addCounts() sums the operations of several counts", () => {
  const sum = addCounts(product, {}, { "add int32": 2, "look up": 0.5 });
  assertEquals(sum, { "multiply int8": 1, "add int32": 3, "look up": 0.5 });
  assertEquals(addCounts(), {});
});

Deno.test("repeatCounts() multiplies them", () => {
  assertEquals(repeatCounts(product, 6), { "multiply int8": 6, "add int32": 6 });
});

Deno.test("describeCounts() and entriesOf() leave out what is not done", () => {
  const counts = { "shift int12": 3, "multiply int8": 0, "add int32": 1 } as const;
  assertEquals(describeCounts(counts), "3 shift int12, add int32");
  assertEquals(entriesOf(counts), [["shift int12", 3], ["add int32", 1]]);
  assertEquals(describeCounts({}), "");
});
