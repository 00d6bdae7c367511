import { assertEquals } from "@std/assert";
import {
  axisTitle,
  horizontalAxis,
  plotlyAxis,
  verticalAxis,
} from "../../../lib/report/plot/axis.ts";

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

Deno.test("horizontalAxis() on a log scale has as many ticks as there is room for", () => {
  const ticks = (...values: number[]) => {
    const axis = horizontalAxis({ title: "KL", scale: "log" }, values, 260);
    const { dtick, exponentformat } = axis as Record<string, unknown>;
    return [dtick, exponentformat];
  };
  assertEquals(ticks(0.01, 0.5), ["D2", undefined]);
  assertEquals(ticks(0.001, 1), [1, "power"]);
  assertEquals(ticks(0, 1e-12, 1e3), [3, "power"], "0 is not drawn");
  assertEquals(ticks(2, 15), [undefined, undefined], "less than a power of ten");
});

Deno.test("verticalAxis() on a log scale has as many ticks as there are lines for", () => {
  const ticks = (...values: number[]) => {
    const axis = verticalAxis({ title: "range", scale: "log" }, values, 170);
    return (axis as Record<string, unknown>).dtick;
  };
  assertEquals([ticks(10, 300), ticks(10, 1e6), ticks(1, 1e15)], ["D2", 1, 2]);
  assertEquals([ticks(2, 15), ticks(2, 8)], ["D2", undefined]);
});

Deno.test("horizontalAxis() on a linear scale leaves ticks to Plotly", () => {
  const axis = { title: "layer" };
  assertEquals(horizontalAxis(axis, [0, 100], 260), plotlyAxis(axis));
});
