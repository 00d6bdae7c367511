import { assertEquals } from "@std/assert";
import { axisTitle, plotlyAxis } from "../../../lib/report/plot/axis.ts";

Deno.test("axisTitle() puts the unit behind the title", () => {
  assertEquals(axisTitle({ title: "latency", unit: "ms" }), "latency (ms)");
  assertEquals(axisTitle({ title: "layer" }), "layer");
});

Deno.test("plotlyAxis() gives ranges of log scales as exponents, as Plotly wants them", () => {
  const { type, range } = plotlyAxis({ title: "KL", scale: "log", range: [1e-3, 10] });
  assertEquals([type, range], ["log", [-3, 1]]);
});

Deno.test("plotlyAxis() reverses with and without a range, and begins at 0 where asked", () => {
  assertEquals(plotlyAxis({ title: "t", reversed: true }).autorange, "reversed");
  assertEquals(plotlyAxis({ title: "t", reversed: true, range: [0, 8] }).range, [8, 0]);
  assertEquals(plotlyAxis({ title: "t", fromZero: true }).rangemode, "tozero");
  assertEquals("range" in plotlyAxis({ title: "t" }), false);
});
