import { assertEquals } from "@std/assert";
import { formatEstimate } from "../../experiments/format_estimate.ts";

Deno.test("formatEstimate() writes the interval where there is one", () => {
  assertEquals(formatEstimate({ value: 3.14159, low: 3, high: 3.5 }, 2), "3.14 [3.00, 3.50]");
  assertEquals(formatEstimate({ value: 3.14159 }, 3), "3.142");
  assertEquals(
    formatEstimate({ value: Infinity, low: 2, high: Infinity }, 1),
    "Infinity [2.0, Infinity]",
  );
});
