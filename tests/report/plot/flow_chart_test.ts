import { assertEquals, assertThrows } from "@std/assert";
import { InputError } from "../../../lib/core/mod.ts";
import { flowChart, panels } from "../../../lib/report/mod.ts";
import type { Attributes } from "./attributes.ts";

const chart = flowChart({ steps: [{ label: "norm" }, { label: "up", input: "8 bit" }] });

Deno.test("flowChart() draws a box per step, an arrow to each, and what is done on the way", () => {
  const { shapes, annotations } = chart.layout as Attributes;
  assertEquals(shapes.map(({ x0, x1 }: Attributes) => (x0 + x1) / 2), [0, 1]);
  assertEquals(annotations.map(({ text }: Attributes) => text), ["norm", "up", "", "", "8 bit"]);
  const [first, second] = annotations.slice(2, 4);
  assertEquals([first.arrowwidth, second.arrowwidth], [1, 2]);
  assertEquals(first.arrowcolor === second.arrowcolor, false);
});

Deno.test("flowChart() keeps its arrows to its axes in a panel", () => {
  const { annotations } = panels([[chart, chart]]).layout as Attributes;
  const refs = annotations.map(({ xref, axref }: Attributes) => [xref, axref]);
  assertEquals(refs.slice(0, 3), [["x", undefined], ["x", undefined], ["x", "x"]]);
  assertEquals(refs.slice(5, 8), [["x2", undefined], ["x2", undefined], ["x2", "x2"]]);
});

Deno.test("flowChart() refuses no steps", () => {
  assertThrows(
    () => flowChart({ steps: [] }),
    InputError,
    "Cannot draw a computation: it must have a step",
  );
});
