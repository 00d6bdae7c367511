import { assertEquals } from "@std/assert";
import { formatEstimate, formatShare } from "../../../experiments/result/format_estimate.ts";

Deno.test("formatEstimate() writes the interval where there is one", () => {
  assertEquals(formatEstimate({ value: 3.14159, low: 3, high: 3.5 }, 2), "3.14 [3.00, 3.50]");
  assertEquals(formatEstimate({ value: 3.14159 }, 3), "3.142");
  assertEquals(
    formatEstimate({ value: Infinity, low: 2, high: Infinity }, 1),
    "Infinity [2.0, Infinity]",
  );
  assertEquals(
    formatEstimate({ value: 454366355612484.7, low: 0, high: 7.0426731984811435e53 }, 2),
    "4.54e+14 [0.00, 7.04e+53]",
  );
});

Deno.test("formatShare() writes percent", () => {
  assertEquals([formatShare(0.1234), formatShare(0.996, 0), formatShare(0)], [
    "12.3 %",
    "100 %",
    "0.0 %",
  ]);
});
