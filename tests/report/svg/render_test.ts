import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { decode } from "fast-png";
import { InputError } from "../../../lib/core/mod.ts";
import { renderSvg, withTheme } from "../../../lib/report/mod.ts";
import { examples } from "../plot/examples.ts";

for (const [name, spec] of Object.entries(examples)) {
  Deno.test(`renderSvg() draws ${name}, which Plotly's schema knows throughout`, async () => {
    const svg = await renderSvg(withTheme(spec, "light"));
    const { width, height } = spec.layout;
    assertMatch(svg, new RegExp(`^<svg [^>]*viewBox="0 0 ${width} ${height}"`));
    assert(!/NaN|"undefined/.test(svg), "a coordinate is missing");
    assert(svg.includes("</text>"), "nothing is labelled");
  });
}

Deno.test("renderSvg() gives equal bytes for equal specs, also when calls overlap", async () => {
  const [first, other, again] = await Promise.all(
    [examples.lineChart, examples.panels, examples.lineChart].map((spec) => renderSvg(spec)),
  );
  assertEquals(again, first);
  assertEquals(await renderSvg(examples.panels), other);
});

Deno.test("renderSvg() names ids so that images of two specs can share a page", async () => {
  const ids = async (spec: typeof examples.panels) =>
    new Set((await renderSvg(spec)).matchAll(/ id="([^"]+)"/g).map(([, id]) => id));
  const [one, other] = [await ids(examples.lineChart), await ids(examples.barChart)];
  assert(one.size > 0);
  assertEquals(one.intersection(other), new Set());
});

Deno.test("renderSvg() draws a heat map as one crisp pixel per value", async () => {
  const svg = await renderSvg(withTheme(examples.heatmap, "light"));
  const [, style, base64] = svg.match(/<image [^>]*?style="([^"]*)"[^>]*?base64,([^"]+)"/) ??
    svg.match(/<image (?=[^>]*style="([^"]*)")[^>]*base64,([^"]+)"/)!;
  assertMatch(style, /image-rendering: pixelated/);
  const { width, height, data } = decode(Uint8Array.fromBase64(base64));
  assertEquals([width, height], [2, 2]);
  const alpha = [3, 7, 11, 15].map((index) => data[index]);
  assertEquals(alpha, [255, 0, 255, 255], "null is transparent, the first row on top");
});

Deno.test("renderSvg() leaves room for long labels", async () => {
  const wide = (label: string) => ({
    ...examples.bitFields,
    layout: {
      ...examples.bitFields.layout,
      yaxis: { tickvals: [0], ticktext: [label], automargin: true },
    },
  });
  const plotLeft = async (label: string) => {
    const svg = await renderSvg(withTheme(wide(label), "light"));
    return Number(svg.match(/class="axesclip" id="clip\w+x"><rect x="([\d.]+)"/)![1]);
  };
  const difference = await plotLeft("a".repeat(40)) - await plotLeft("a".repeat(20));
  assert(Math.abs(difference - 20 * 0.556 * 12) < 1, `${difference} px for 20 letters more`);
});

Deno.test("renderSvg() refuses attributes and values that Plotly does not know", async () => {
  const { data, layout } = examples.lineChart;
  await assertRejects(
    () => renderSvg({ data, layout: { ...layout, hight: 3 } }),
    InputError,
    "Cannot draw a figure: In layout, key hight is not part of the schema",
  );
});

Deno.test("renderSvg() refuses a spec that Plotly breaks on", async () => {
  const { data: [line], layout } = examples.lineChart;
  const odd = JSON.parse(`{ "__proto__": [3], "type": "scatter", "name": "${line.name}" }`);
  await assertRejects(
    () => renderSvg({ data: [odd], layout }),
    InputError,
    'Cannot draw a figure: Plotly must be able to draw it, got "TypeError: ',
  );
});
