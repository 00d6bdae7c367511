import { assert, assertEquals, assertMatch, assertNotEquals } from "@std/assert";
import { decode } from "fast-png";
import { openPage, type Page } from "../../../lib/report/svg/page.ts";
import type { PlotlySpec } from "../../../lib/report/mod.ts";
import { examples } from "../plot/examples.ts";

const page = openPage();

function imageOf({ plotly, adopt }: Page, spec: PlotlySpec): Promise<string> {
  return plotly.toImage(adopt(spec), { format: "svg", imageDataOnly: true });
}

Deno.test("openPage() has a Plotly that draws without a browser", async () => {
  const svg = await imageOf(page, {
    data: [{ type: "scatter", x: [0, 1], y: [1, 2] }],
    layout: { width: 300, height: 200, title: { text: "A title" } },
  });
  assertMatch(svg, /^<svg [^>]*width="300" height="200"/);
  assertMatch(svg, />A title<\/text>/);
});

Deno.test("openPage() has a Plotly that knows its attributes", () => {
  const { plotly, adopt } = page;
  const { data, layout } = adopt(examples.lineChart);
  assertEquals(plotly.validate(data, layout), undefined);
  const faults = plotly.validate(data, adopt({ hight: 3 }));
  assertEquals(Array.from(faults ?? [], ({ msg }) => msg), [
    "In layout, key hight is not part of the schema",
  ]);
});

Deno.test("openPage() has a Plotly that paints a heat map in the colours of its scale", async () => {
  const colorscale = [[0, "rgb(0, 0, 0)"], [1, "rgb(200, 100, 0)"]];
  const svg = await imageOf(page, {
    data: [{ type: "heatmap", z: [[0, 0.5, 1]], colorscale }],
    layout: { width: 300, height: 200 },
  });
  const { width, height, data } = decode(Uint8Array.fromBase64(svg.match(/base64,([^"]+)"/)![1]));
  const pixels = [0, width / 2, width - 1].map((
    x,
  ) => [...data.slice(4 * Math.floor(x)).slice(0, 4)]);
  assert(width >= 3 && height >= 1);
  assertEquals(pixels, [[0, 0, 0, 255], [100, 50, 0, 255], [200, 100, 0, 255]]);
});

Deno.test("openPage().adopt() copies plain data", () => {
  const value = { a: [1, { b: null }] };
  const adopted = page.adopt(value);
  assertEquals(JSON.stringify(adopted), JSON.stringify(value));
  adopted.a.push(2);
  assertEquals(value.a.length, 2);
});

Deno.test("openPage().reseed() decides the names that Plotly draws at random", async () => {
  const drawn = async (seed: number) => {
    page.reseed(seed);
    return await imageOf(page, examples.lineChart);
  };
  const first = await drawn(1);
  assertNotEquals(await drawn(2), first);
  assertEquals(await drawn(1), first);
});
