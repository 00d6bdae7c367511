import { assertAlmostEquals, assertEquals } from "@std/assert";
import { JSDOM } from "jsdom";
import { boxOf, type SvgElement } from "../../../lib/report/svg/boxes.ts";
import { textWidth } from "../../../lib/report/font/text_width.ts";

/** The box of the element with id `it` in an SVG. */
function box(content: string) {
  const { window } = new JSDOM(`<svg xmlns="http://www.w3.org/2000/svg">${content}</svg>`);
  const document = window.document as unknown as { getElementById(id: string): SvgElement };
  return boxOf(document.getElementById("it"));
}

Deno.test("boxOf() takes a text's baseline, size and anchor", () => {
  const size = 'style="font-size: 10px"';
  const width = textWidth("word", 10, false);
  const start = box(`<text id="it" x="5" y="50" ${size}>word</text>`)!;
  assertAlmostEquals(start.left, 5);
  assertAlmostEquals(start.right, 5 + width);
  assertAlmostEquals(start.top, 50 - 9.05);
  assertAlmostEquals(start.bottom, 50 + 2.12);
  assertAlmostEquals(
    box(`<text id="it" x="5" text-anchor="middle" ${size}>word</text>`)!.left,
    5 - width / 2,
  );
  assertAlmostEquals(box(`<text id="it" x="5" text-anchor="end" ${size}>word</text>`)!.right, 5);
});

Deno.test("boxOf() follows inherited sizes, bold parts and smaller superscripts", () => {
  const { left, right } = box(
    `<g style="font-size: 20px"><text id="it"><tspan style="font-weight: bold">10</tspan>` +
      `<tspan style="font-size: 70%">2</tspan></text></g>`,
  )!;
  assertAlmostEquals(right - left, textWidth("10", 20, true) + textWidth("2", 14, false));
});

Deno.test("boxOf() covers all lines of a text", () => {
  const { right, top, bottom } = box(
    `<text id="it" style="font-size: 10px"><tspan class="line" dy="0em" x="0" y="0">a</tspan>` +
      `<tspan class="line" dy="1.3em" x="0" y="0">long</tspan></text>`,
  )!;
  assertAlmostEquals(right, textWidth("long", 10, false));
  assertAlmostEquals(bottom - top, 11.17 + 13);
});

Deno.test("boxOf() goes through the transforms of an element and those above it", () => {
  const inner = `<rect id="it" x="1" y="2" width="10" height="20" transform="rotate(90)"/>`;
  const { left, top, right, bottom } = box(
    `<g transform="translate(100, 50) scale(2)">${inner}</g>`,
  )!;
  assertAlmostEquals(left, 100 - 2 * 22);
  assertAlmostEquals(right, 100 - 2 * 2);
  assertAlmostEquals(top, 50 + 2 * 1);
  assertAlmostEquals(bottom, 50 + 2 * 11);
});

Deno.test("boxOf() of a group covers what is shown in it, and is null where there is nothing", () => {
  const rect = (x: number, style = "") => `<rect x="${x}" width="2" height="2" style="${style}"/>`;
  const group = box(`<g id="it">${rect(1)}${rect(7)}${rect(50, "display: none")}</g>`)!;
  assertEquals([group.left, group.right], [1, 9]);
  assertEquals(box(`<g id="it"><path d="M0,0L9,9"/></g>`), null);
});
