import { assertEquals } from "@std/assert";
import { axisTitle, logTicks, plotlyAxis } from "../../../lib/report/plot/axis.ts";

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

Deno.test("logTicks() are 1, 2 and 5, whole powers, or every second or third, as the width allows", () => {
  assertEquals(logTicks([0.01, 0.5], 260), { dtick: "D2" });
  assertEquals(logTicks([0.001, 1], 260), { dtick: 1 });
  assertEquals(logTicks([1e-12, 1e3], 260), { dtick: 3 });
  assertEquals(logTicks([2, 15], 260), {}, "less than a power of ten");
});
