import { assertAlmostEquals, assertEquals } from "@std/assert";
import { textWidth } from "../../../lib/report/svg/text_width.ts";

Deno.test("textWidth() adds up Helvetica's advance widths", () => {
  assertAlmostEquals(textWidth("Wi", 10, false), 10 * (0.944 + 0.222), 1e-9);
  assertAlmostEquals(textWidth("Wi", 20, true), 20 * (0.944 + 0.278), 1e-9);
  assertEquals(textWidth("", 10, false), 0);
});

Deno.test("textWidth() takes unknown signs to be a digit wide, and Plotly's filler to be nothing", () => {
  assertAlmostEquals(textWidth("⁻α", 10, false), 11.12, 1e-9);
  assertEquals(textWidth("\u200b", 10, false), 0);
});
