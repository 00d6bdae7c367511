import { assert, assertEquals, assertThrows } from "@std/assert";
import { InputError } from "../../../lib/core/mod.ts";
import { lineChart, type LineSeries } from "../../../lib/report/mod.ts";
import type { Attributes } from "./attributes.ts";

const axes = { x: { title: "sparsity" }, y: { title: "latency", unit: "ms" } };

/** The traces of a chart, as Plotly has them. */
function traces(...series: LineSeries[]): Attributes[] {
  return lineChart({ ...axes, series }).data;
}

Deno.test("lineChart() labels its axes with units", () => {
  const { xaxis, yaxis } = lineChart({ ...axes, series: [] }).layout as Attributes;
  assertEquals([xaxis.title.text, yaxis.title.text], ["sparsity", "latency (ms)"]);
});

Deno.test("lineChart() draws the interval as an outline around the curve, below it", () => {
  const y = [{ value: 2, low: 1, high: 3 }, { value: 4, low: 3, high: 6 }];
  const [band, curve] = traces({ name: "ours", x: [0, 1], y });
  assertEquals([band.x, band.y], [[0, 1, 1, 0], [3, 6, 3, 1]]);
  assertEquals([band.fill, band.showlegend], ["toself", false]);
  assertEquals([curve.x, curve.y], [[0, 1], [2, 4]]);
  assertEquals(curve.customdata, [" [1.000, 3.000]", " [3.000, 6.000]"]);
});

Deno.test("lineChart() draws no band where values have no interval", () => {
  assertEquals(traces({ name: "ours", x: [0, 1], y: [{ value: 1 }, { value: 2 }] }).length, 1);
});

Deno.test("lineChart() tells series apart by colour, dash and symbol, and references by grey", () => {
  const y = [{ value: 1 }];
  const drawn = traces(
    { name: "control", x: [0], y, reference: true },
    ...["a", "b", "c", "d", "e", "f"].map((name) => ({ name, x: [0], y })),
  );
  const looks = drawn.map(({ line, marker }) => [line.color, line.dash, marker.symbol]);
  assertEquals(looks[0][0], "#7F7F7F");
  assertEquals(looks[1], ["#0072B2", "solid", "circle"]);
  for (const part of [0, 1, 2]) {
    assertEquals(new Set(looks.slice(1).map((look) => look[part])).size, 6);
  }
});

Deno.test("lineChart() marks points, joins them, or steps half way between them", () => {
  const y = [{ value: 1 }];
  const [marked, joined, stepped] = traces(
    { name: "a", x: [0], y },
    { name: "b", x: [0], y, style: "lines" },
    { name: "c", x: [0], y, style: "steps" },
  );
  assertEquals([marked.mode, joined.mode, stepped.mode], ["lines+markers", "lines", "lines"]);
  assert(!("marker" in joined));
  assertEquals([joined.line.shape, stepped.line.shape], [undefined, "hvh"]);
});

Deno.test("lineChart() refuses a series without one y for every x", () => {
  assertThrows(
    () => traces({ name: "ours", x: [0, 1], y: [{ value: 1 }] }),
    InputError,
    "Cannot draw ours: it must have 2 values, got 1",
  );
});

Deno.test("lineChart() makes markers smaller where they would hide the curve between them", () => {
  const sizes = [5, 30, 1000].map((count) => {
    const x = Array.from({ length: count }, (_, at) => at);
    const y = x.map((value) => ({ value }));
    const series = [{ name: "ours", x, y }];
    const { data } = lineChart({ ...axes, series, width: 302 });
    return (data as Attributes[])[0].marker.size;
  });
  assertEquals(sizes, [8, 7, 4]); // in a plot of 210 pixels
});
