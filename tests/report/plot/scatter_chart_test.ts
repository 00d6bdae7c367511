import { assertEquals, assertThrows } from "@std/assert";
import { InputError } from "../../../lib/core/mod.ts";
import { scatterChart } from "../../../lib/report/mod.ts";
import type { Attributes } from "./attributes.ts";

const axes = { x: { title: "KL", unit: "nats" }, y: { title: "perplexity" } };

Deno.test("scatterChart() draws points with their intervals", () => {
  const series = [{
    name: "ours",
    x: [{ value: 1 }, { value: 2 }],
    y: [{ value: 3, low: 2, high: 5 }, { value: 4 }],
  }];
  const { data: [trace], layout } = scatterChart({ ...axes, series }) as Attributes;
  assertEquals([trace.x, trace.y], [[1, 2], [3, 4]]);
  assertEquals([trace.error_y.array, trace.error_y.arrayminus], [[2, 0], [1, 0]]);
  assertEquals("error_x" in trace, false);
  assertEquals(layout.xaxis.title.text, "KL (nats)");
});

Deno.test("scatterChart() has a series without points in the legend alone, with a look of its own", () => {
  const series = ["a", "b", "c"].map((name) => {
    const points = name === "b" ? [] : [{ value: 1 }];
    return { name, x: points, y: points };
  });
  const { data } = scatterChart({ ...axes, series }) as Attributes;
  assertEquals(data.map(({ x }: { x: unknown }) => x), [[1], [null], [1]]);
  const looks = data.map(({ marker }: { marker: unknown }) => JSON.stringify(marker));
  assertEquals(new Set(looks).size, 3);
});

Deno.test("scatterChart() refuses a series without one y for every x", () => {
  assertThrows(
    () => scatterChart({ ...axes, series: [{ name: "a", x: [{ value: 1 }], y: [] }] }),
    InputError,
    "Cannot draw a: it must have 1 value, got 0",
  );
});
