import { assert, assertEquals, assertThrows } from "@std/assert";
import { InputError } from "../../../lib/core/mod.ts";
import { type BarChart, barChart } from "../../../lib/report/mod.ts";
import type { Attributes } from "./attributes.ts";

const chart: BarChart = {
  categories: ["FP32", "INT8"],
  x: { title: "format" },
  y: { title: "time", unit: "ms" },
  series: [
    { name: "q, k, v", values: [{ value: 3, low: 2, high: 5 }, null] },
    { name: "softmax", values: [{ value: 1 }, { value: 2 }], labels: ["1x", "2x"] },
    { name: "control", values: [{ value: 1 }, { value: 1 }], reference: true },
  ],
};

/** The traces and the layout of a chart, as Plotly has them. */
function parts(data: BarChart) {
  const { data: traces, layout } = barChart(data);
  return { traces: traces as Attributes[], layout: layout as Attributes };
}

Deno.test("barChart() draws a bar per category and series, with units on the axis", () => {
  const { traces, layout } = parts(chart);
  assertEquals(traces.map(({ x, y }) => [x, y]), [
    [chart.categories, [3, null]],
    [chart.categories, [1, 2]],
    [chart.categories, [1, 1]],
  ]);
  assertEquals([layout.barmode, layout.yaxis.title.text], ["group", "time (ms)"]);
  assertEquals(parts({ ...chart, stacked: true }).layout.barmode, "stack");
});

Deno.test("barChart() draws intervals as error bars from the value", () => {
  const [first, second] = parts(chart).traces;
  assertEquals([first.error_y.array, first.error_y.arrayminus], [[2, 0], [1, 0]]);
  assert(!("error_y" in second));
});

Deno.test("barChart() tells series apart by colour and hatching, and references by grey", () => {
  const [first, second, control] = parts(chart).traces.map(({ marker }) => marker);
  assert(first.color !== second.color);
  assertEquals([first.pattern, second.pattern.shape], [undefined, "/"]);
  assertEquals([control.color, control.pattern], ["#7F7F7F", undefined]);
});

Deno.test("barChart() prints labels above bars, and into them where they are stacked", () => {
  const position = (stacked: boolean) => parts({ ...chart, stacked }).traces[1].textposition;
  assertEquals([position(false), position(true)], ["outside", "inside"]);
  assertEquals(parts(chart).traces[1].text, ["1x", "2x"]);
});

Deno.test("barChart() has a legend where there is more than one series", () => {
  assertEquals(parts(chart).layout.showlegend, true);
  assertEquals(parts({ ...chart, series: chart.series.slice(1, 2) }).layout.showlegend, false);
});

Deno.test("barChart() refuses a series without one value and label per category", () => {
  const refusal = "it must have 2 values and as many labels, got ";
  for (
    const [series, counts] of [
      [{ name: "a", values: [null] }, "[1,1]"],
      [{ name: "a", values: [null, null], labels: [] }, "[2,0]"],
    ] as const
  ) {
    assertThrows(
      () => barChart({ ...chart, series: [series] }),
      InputError,
      `Cannot draw a: ${refusal}${counts}`,
    );
  }
});
