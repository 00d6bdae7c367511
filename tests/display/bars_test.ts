import { assertEquals, assertMatch } from "@std/assert";
import fc from "fast-check";
import { barsSvg, barsText } from "../../lib/display/mod.ts";

Deno.test("barsSvg() draws a bar per value, its length in proportion to the largest", () => {
  const svg = barsSvg({ title: "a < b", ends: ["0", "2"], values: [0, 1, 4] });
  const boxes = [...svg.matchAll(/<rect x="(\S+)" y="(\S+)" width="(\S+)" height="(\S+)"/g)];
  assertEquals(boxes.map((box) => box.slice(1).map(Number)), [
    [0, 100, 144, 0],
    [160, 80, 144, 20],
    [320, 20, 144, 80],
  ]);
  assertMatch(svg, />a &lt; b</);
});

Deno.test("barsText() draws a block per value", () => {
  const text = barsText({ title: "codes", ends: ["0", "4"], values: [0, 1, 4, 8] });
  assertEquals(text, "codes\n0 | ▁▄█| 4");
});

Deno.test("barsText() takes the largest of the bars that share a character", () => {
  const values = Array.from({ length: 128 }, (_, index) => index === 5 ? 1 : 0);
  const text = barsText({ title: "", ends: ["", ""], values });
  assertEquals(text, `\n |  █${" ".repeat(61)}| `);
});

Deno.test("barsText() never shows a value above 0 as nothing, nor a wider line than 64", () => {
  fc.assert(fc.property(
    fc.array(fc.double({ min: 0, max: 1e6, noNaN: true }), { minLength: 1, maxLength: 300 }),
    (values) => {
      const drawn = barsText({ title: "", ends: ["", ""], values }).match(/\|(.*)\|/)![1];
      assertEquals(drawn.trim() === "", values.every((value) => value === 0));
      assertEquals([...drawn].length <= 64, true);
    },
  ));
});
