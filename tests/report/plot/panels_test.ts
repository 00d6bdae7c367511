import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { InputError } from "../../../lib/core/mod.ts";
import { barChart, letterOf, panels } from "../../../lib/report/mod.ts";
import { examples } from "./examples.ts";
import type { Attributes } from "./attributes.ts";

const { heatmap, lineChart, bitFields } = examples;

/** Panels side by side, as Plotly has them. */
function parts() {
  const { data, layout } = panels([[heatmap, lineChart], [bitFields]], "All");
  return { data: data as Attributes[], layout: layout as Attributes };
}

Deno.test("panels() is as large as its panels and its title", () => {
  const { layout } = parts();
  assertEquals(layout.width, heatmap.layout.width + lineChart.layout.width);
  assert(layout.height > heatmap.layout.height + bitFields.layout.height);
  assertEquals(layout.title.text, "All");
});

Deno.test("panels() gives every panel its own axes, over the pixels that it had alone", () => {
  const { layout } = parts();
  const panel = lineChart.layout as Attributes;
  const [from, to] = layout.xaxis2.domain.map((share: number) => share * layout.width);
  assertAlmostEquals(from, heatmap.layout.width + panel.margin.l, 1e-9);
  assertAlmostEquals(to, layout.width - panel.margin.r, 1e-9);
  const [bottom, top] = layout.yaxis2.domain;
  assertAlmostEquals(
    (top - bottom) * layout.height,
    panel.height - panel.margin.t - panel.margin.b,
  );
  assertEquals(layout.yaxis2.title.text, "latency (ms)");
});

Deno.test("panels() sends traces, shapes, notes, legends and colour bars to their panels", () => {
  const { data, layout } = parts();
  assertEquals(
    data.map(({ xaxis, yaxis }) => [xaxis, yaxis]),
    [
      ["x", "y"],
      ["x2", "y2"],
      ["x2", "y2"],
      ["x2", "y2"],
      ["x3", "y3"],
    ].slice(0, data.length - 0),
  );
  assertEquals(layout.shapes[0].xref, "x3");
  assertEquals(layout.annotations.map(({ xref }: Attributes) => xref), ["paper", "paper", "x3"]);
  assertEquals(data[1].legend, "legend2");
  assert(layout.legend2.x > layout.xaxis2.domain[1]);
  assert(data[0].colorbar.x > layout.xaxis.domain[1]);
  assertEquals("legend" in layout, false);
});

Deno.test("panels() breaks a title wider than its panel and makes room for its lines", () => {
  const titled = (title: string) => {
    const layout = { ...lineChart.layout, title: { text: title } };
    return panels([[{ ...lineChart, layout }]]).layout as Attributes;
  };
  const short = titled("a");
  const long = titled("a panel's title with many a word ".repeat(12));
  const lines = long.annotations[0].text.split("<br>");
  assert(lines.length > 3 && lines.every((line: string) => /^<b>.+<\/b>$/.test(line)), lines);
  const growth = long.height - short.height;
  assert(growth >= 15 * (lines.length - 2) && growth < 20 * lines.length, `${growth}`);
  const [top] = [short, long].map(({ yaxis, height }) => (1 - yaxis.domain[1]) * height);
  assertAlmostEquals((1 - long.yaxis.domain[1]) * long.height, top + growth, 1e-9);
});

Deno.test("panels() refuses none, and bars both grouped and stacked", () => {
  assertThrows(() => panels([[]]), InputError, "Cannot draw panels: there must be at least one");
  const bars = (stacked: boolean) =>
    barChart({ categories: ["a"], x: { title: "x" }, y: { title: "y" }, series: [], stacked });
  assertThrows(
    () => panels([[bars(true), bars(false)]]),
    InputError,
    'Cannot draw panels: bars must be all grouped or all stacked, got ["stack","group"]',
  );
});

Deno.test("letterOf() names panels from a on", () => {
  assertEquals([0, 1, 5].map(letterOf), ["a", "b", "f"]);
});
