import { assert, assertEquals } from "@std/assert";
import { frame, marginFor, plotSize } from "../../../lib/report/plot/frame.ts";
import { fontSizes, widest } from "../../../lib/report/plot/room.ts";
import type { PlotlyTrace } from "../../../lib/report/mod.ts";
import type { Attributes } from "./attributes.ts";

const traces: PlotlyTrace[] = [
  { type: "scatter", name: "ours" },
  { type: "scatter", name: "a much longer name than anything else has", showlegend: false },
];

const layoutOf = (...[options, data, layout]: Parameters<typeof frame>) =>
  frame(options, data, layout).layout as unknown as Attributes;

/** The size of the plot that a layout leaves between its margins. */
function innerSize({ width, height, margin: { l, r, t, b } }: Attributes) {
  return { width: width - l - r, height: height - t - b };
}

Deno.test("frame() is 720 by 420 without options, and as large as asked for with them", () => {
  const { width, height, showlegend, title } = layoutOf({}, [], {});
  assertEquals([width, height, showlegend, title], [720, 420, false, undefined]);
  const asked = layoutOf({ width: 500, height: 300, title: "T" }, [], { xaxis: { type: "log" } });
  assertEquals([asked.width, asked.height, asked.title.text], [500, 300, "T"]);
  assertEquals(asked.xaxis, { type: "log" });
});

Deno.test("frame() adds what stands around the plot and leaves the plot as large as it is", () => {
  const options = { width: 600, height: 400 };
  for (
    const layout of [
      {},
      { beside: "legend" },
      { beside: "color bar" },
      { left: 200 },
      { beside: "legend", left: 100, bottom: 150 },
    ] as const
  ) {
    assertEquals(innerSize(layoutOf(options, traces, layout)), plotSize(options));
  }
});

Deno.test("frame() makes a legend's room as wide as the names that it shows", () => {
  const { margin, showlegend } = layoutOf({}, traces, { beside: "legend" });
  const needed = (names: string[]) => widest(names, fontSizes.legend);
  assertEquals(showlegend, true);
  assert(margin.r > needed(["ours"]));
  assert(margin.r < needed([`${traces[1].name}`]));
  const shown = traces.map(({ showlegend: _, ...trace }) => trace as PlotlyTrace);
  assert(layoutOf({}, shown, { beside: "legend" }).margin.r > needed([`${traces[1].name}`]));
});

Deno.test("marginFor() grows pixel for pixel with labels that the usual margin does not hold", () => {
  for (const side of ["left", "bottom"] as const) {
    const usual = layoutOf({}, [], {}).margin[side[0]];
    assertEquals([0, 15].map((needed) => marginFor(side, needed)), [usual, usual]);
    assertEquals(marginFor(side, 200.5) - marginFor(side, 100), 101);
    assert(marginFor(side, 100) >= 100);
  }
});
