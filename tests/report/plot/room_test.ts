import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import fc from "fast-check";
import { labelSize, widest, wrapLabel } from "../../../lib/report/plot/room.ts";

Deno.test("labelSize() is that of the widest line, without the tags", () => {
  const { width, height } = labelSize("w<sub>i</sub><br>W", 10);
  assertAlmostEquals(width, labelSize("wi", 10).width, 1e-9);
  assertAlmostEquals(height, 2 * labelSize("W", 10).height, 1e-9);
  assertEquals(widest(["i", "WW", "wi"], 10), labelSize("WW", 10).width);
  assertEquals(widest([], 10), 0);
});

Deno.test("wrapLabel() breaks at spaces, at hyphens in a long word, and anywhere in a longer one", () => {
  const wide = labelSize("0000000000", 12).width;
  assertEquals(wrapLabel("a. one two three", wide, 12), "a. one two<br>three");
  assertEquals(wrapLabel("0000-0000-0000", wide, 12), "0000-0000-<br>0000");
  assertEquals(wrapLabel("000000000000", wide, 12), "0000000000<br>00");
  assertEquals(wrapLabel("short<br>line", wide, 12), "short<br>line");
});

Deno.test("wrapLabel() keeps every sign but the spaces at ends, in lines that fit", () => {
  const label = fc.stringMatching(/^[a-zA-Z0-9 ._-]{1,60}$/);
  fc.assert(fc.property(label, fc.integer({ min: 16, max: 300 }), (text, width) => {
    const lines = wrapLabel(text, width, 12, true).split("<br>");
    assertEquals(lines.join("").replaceAll(" ", ""), text.replaceAll(" ", ""));
    for (const line of lines) assert(labelSize(line, 12, true).width <= width, line);
  }));
});
