import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { withTheme } from "../../../lib/report/mod.ts";
import { neutral, palette } from "../../../lib/report/plot/theme.ts";
import { examples } from "./examples.ts";
import type { Attributes } from "./attributes.ts";

/** Relative luminance of #RRGGBB (WCAG 2). */
function luminance(color: string): number {
  const [red, green, blue] = [1, 3, 5].map((at) => {
    const share = parseInt(color.slice(at, at + 2), 16) / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function contrast(one: string, other: string): number {
  const [dark, bright] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (bright + 0.05) / (dark + 0.05);
}

/** What a theme sets for the whole figure. */
function look(theme: "light" | "dark") {
  const { template } = withTheme(examples.lineChart, theme).layout as Attributes;
  return { paper: template.layout.paper_bgcolor, text: template.layout.font.color };
}

for (const theme of ["light", "dark"] as const) {
  Deno.test(`withTheme() ${theme} sets text and series off from the paper`, () => {
    const { paper, text } = look(theme);
    assert(contrast(paper, text) > 7);
    // Orange and sky blue are pale; their symbols and dashes carry them on white.
    for (const color of [...palette, neutral]) assert(contrast(paper, color) > 2, color);
  });
}

Deno.test("withTheme() changes nothing but the template", () => {
  const { data, layout } = withTheme(examples.lineChart, "dark");
  assertEquals(data, examples.lineChart.data);
  const { template: _template, ...rest } = layout;
  assertEquals(rest, examples.lineChart.layout);
  assertNotEquals(look("dark"), look("light"));
});
