import { assertEquals, assertThrows } from "@std/assert";
import { InputError } from "../../../lib/core/mod.ts";
import { heatmap, type HeatmapData, renderSvg } from "../../../lib/report/mod.ts";
import type { Attributes } from "./attributes.ts";

const matrix: HeatmapData = {
  values: [[1, null, 0.1], [0.01, 0, 10]],
  x: { title: "channel" },
  y: { title: "token" },
  color: { title: "attention", unit: "share" },
};

/** What a Plotly heat map and its layout consist of. */
function parts(data: HeatmapData) {
  const { data: [trace], layout } = heatmap(data);
  return { trace: trace as Attributes, layout: layout as Attributes };
}

Deno.test("heatmap() shows values with their axes and unit, the first row on top", () => {
  const { trace, layout } = parts(matrix);
  assertEquals(trace.z, matrix.values);
  assertEquals([trace.zmin, trace.zmax], [0, 10]);
  assertEquals(trace.colorbar.title.text, "attention (share)");
  assertEquals([layout.xaxis.title.text, layout.yaxis.title.text], ["channel", "token"]);
  assertEquals(layout.yaxis.autorange, "reversed");
});

Deno.test("heatmap() on a log scale colours exponents, leaves 0 blank and labels powers of ten", () => {
  const { trace } = parts({ ...matrix, color: { title: "attention", scale: "log" } });
  assertEquals(trace.z, [[0, null, -1], [-2, null, 1]]);
  assertEquals([trace.zmin, trace.zmax], [-2, 1]);
  assertEquals(trace.colorbar.tickvals, [-2, -1, 0, 1]);
  assertEquals(trace.colorbar.ticktext[0], "10<sup>-2</sup>");
});

Deno.test("heatmap() says a value as such on a log scale too, to three digits", () => {
  const values = [[0.67608, null, 1.23456e-5]];
  const { trace } = parts({ ...matrix, values, color: { title: "attention", scale: "log" } });
  assertEquals(trace.customdata, [[0.676, null, 1.23e-5]]);
  assertEquals(
    trace.hovertemplate,
    "channel %{x}<br>token %{y}<br>attention %{customdata:.3g}<extra></extra>",
  );
});

Deno.test("heatmap() leaves out texts that its cells have no room for", () => {
  const texts = (text: string, width: number) =>
    parts({ ...matrix, width, cellTexts: labels(text) }).trace.texttemplate;
  const labels = (text: string) => [[text, "", ""], ["", "", text]];
  assertEquals(texts("3e-4", 300), "%{text}");
  assertEquals(texts("3e-4", 150), undefined);
});

Deno.test("heatmap() takes the range of its colours, at most seven ticks, from the caller", () => {
  const { trace } = parts({
    ...matrix,
    color: { title: "attention", scale: "log", range: [1e-12, 1] },
  });
  assertEquals([trace.zmin, trace.zmax], [-12, 0]);
  assertEquals(trace.colorbar.tickvals, [-12, -10, -8, -6, -4, -2, 0]);
});

Deno.test("heatmap() of blanks alone has a range", () => {
  const { trace } = parts({ ...matrix, values: [[null]] });
  assertEquals([trace.zmin, trace.zmax], [0, 1]);
});

Deno.test("heatmap() leaves infinity and NaN blank, and gives a single value a range", async () => {
  for (const scale of ["linear", "log"] as const) {
    const data = { ...matrix, values: [[Infinity, NaN, 10]], color: { title: "loss", scale } };
    const { trace } = parts(data);
    assertEquals(trace.z, [[null, null, scale === "log" ? 1 : 10]]);
    assertEquals([trace.zmin, trace.zmax], scale === "log" ? [0, 1] : [9, 10]);
    await renderSvg(heatmap(data));
  }
});

Deno.test("heatmap() without colour bar makes no room for one", () => {
  const without = parts({ ...matrix, colorBar: false });
  assertEquals(without.trace.showscale, false);
  assertEquals(without.layout.margin.r < parts(matrix).layout.margin.r, true);
});

for (
  const [change, message] of [
    [{ values: [] }, "it must have a cell"],
    [{ values: [[1], [1, 2]] }, "its rows must be of one length"],
    [{ columnLabels: ["a"] }, 'it must have 3 column labels, got ["a"]'],
    [{ rowLabels: [] }, "it must have 2 row labels, got []"],
    [{ cellTexts: [["a"]] }, "there must be a text per cell"],
  ] as const
) {
  Deno.test(`heatmap() refuses ${JSON.stringify(change)}`, () => {
    assertThrows(
      () => heatmap({ ...matrix, ...change }),
      InputError,
      `Cannot draw a heat map: ${message}`,
    );
  });
}

Deno.test("heatmap() shows every label, and labels that look like numbers as labels", () => {
  const { trace, layout } = parts({
    ...matrix,
    columnLabels: ["0", "1", "2"],
    rowLabels: ["a", "b"],
  });
  assertEquals([trace.x, trace.y], [["0", "1", "2"], ["a", "b"]]);
  assertEquals([layout.xaxis.type, layout.yaxis.dtick], ["category", 1]);
});
