import { assertAlmostEquals, assertEquals } from "@std/assert";
import { textWidth } from "../../../lib/report/font/text_width.ts";

Deno.test("textWidth() adds up Arimo's advance widths", () => {
  assertAlmostEquals(textWidth("Wi", 10, false), 10 * (1933 + 455) / 2048, 1e-9);
  assertAlmostEquals(textWidth("Wi", 20, true), 20 * (1933 + 569) / 2048, 1e-9);
  assertEquals(textWidth("", 10, false), 0);
});

Deno.test("textWidth() takes unknown signs to be as wide as high, and Plotly's filler to be nothing", () => {
  assertEquals(textWidth("⁻α", 10, false), 20);
  assertEquals(textWidth("\u200b", 10, false), 0);
});
