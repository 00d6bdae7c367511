import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import {
  afterLayer,
  display,
  type Displayable,
  quantizeLog2,
  quantizeUniform,
  rtn,
  searchTrip,
  startTrack,
  toHtml,
  toText,
} from "../../lib/mod.ts";
import { browserTest } from "../browser.ts";

/** The output of a cell that ends with a display, as the kernel asks for it. */
async function outputOf(value: Displayable): Promise<Record<string, string>> {
  const shown = display(value) as unknown as Record<symbol, () => Promise<Record<string, string>>>;
  return await shown[Symbol.for("Jupyter.display")]();
}

const table = { title: "T", columns: ["a"], rows: [["<b>"]] };

Deno.test("display() gives Jupyter HTML and text, and terminals the same text", async () => {
  const output = await outputOf(table);
  assertStringIncludes(output["text/html"], toHtml(table));
  assertEquals(output["text/plain"], toText(table));
  assertEquals(`${display(table)}`, toText(table));
  assertEquals(Deno.inspect(display(table)), toText(table));
});

const x = Float32Array.of(-1, -0.5, 0, 0.5, 1, 3);

for (
  const [name, value, ...facts] of [
    [
      "uniform codes",
      quantizeUniform(x, { bits: 3, channels: 1, granularity: "tensor" }),
      /bits +3\n/,
      /codes +0\.\.7\n/,
      /scale +0\.5714\n/,
      /zero point +2\n/,
      /codes in use +6 of 8\n/,
      /lowest or highest code +33\.33 %\n/,
      /values per code\n0 \|.{8}\| 7\n/,
    ],
    [
      "a scale per channel",
      quantizeUniform(x, { bits: 8, channels: 2, granularity: "channel" }),
      /scales +2\n/,
      /scale +0\.007843\.\.0\.01373\n/,
    ],
    [
      "log2 codes",
      quantizeLog2(Float32Array.of(1, 0.5, 0.24, 0), { bits: 4, profile: "released" }),
      /profile +released\n/,
      /codes in use +4 of 17\n/,
      /became 0 +25\.00 %\n/,
    ],
    [
      "TRIP",
      searchTrip(Float32Array.of(1, 100, -1, -100), { channels: 2, bits: 8, K: 3 }),
      /TRIP: 8 bits, K = 3, 2 channels\n/,
      /\n0 +0\.09804 +1 +50\.00\n/,
      /\n3 +0\.7843 +1 +50\.00\n/,
      /Mean squared error .*with one step for all channels/s,
    ],
    [
      "a weight",
      rtn(x, { rows: 2, columns: 3, bits: 4, groupSize: 2, symmetric: false, range: "minmax" }),
      /rows x columns +2 x 3\n/,
      /groups per row +2\n/,
    ],
    [
      "a pruning plan",
      { ratios: new Map([[1, 0.5], [3, 0.5]]), positions: "renumber", importance: () => x },
      /\n1 +50\.00 +50\.00\n/,
      /\n3 +50\.00 +25\.00\n/,
      /Survivors count from 0 again\./,
    ],
    [
      "a track of tokens",
      afterLayer(afterLayer(startTrack(4)), Int32Array.of(0, 2)),
      /\n0 +4 +0 +100\.00\n/,
      /\n1 +2 +2 +50\.00\n/,
      /Sparsity 25\.00 %\./,
    ],
  ] as [string, Displayable, ...RegExp[]][]
) {
  Deno.test(`display() shows ${name}`, async () => {
    const output = await outputOf(value);
    for (const fact of facts) assertMatch(output["text/plain"], fact);
    assert(facts.length > 0);
    assertStringIncludes(output["text/html"], "<table>");
  });
}

Deno.test("display() says of TRIP what its scores say", async () => {
  const params = searchTrip(Float32Array.of(1, 100, -1, -99), { channels: 2, bits: 4, K: 2 });
  const chosen = (params.scores[params.alpha[0]] + params.scores[3 + params.alpha[1]]) / 2;
  const coarse = (params.scores[2] + params.scores[5]) / 2;
  const { "text/plain": text } = await outputOf(params);
  assertStringIncludes(text, `Mean squared error ${chosen.toPrecision(4)}; with one step`);
  assertStringIncludes(text.replaceAll("\n", " "), `channels ${coarse.toPrecision(4)}.`);
});

browserTest(
  "display() scrolls a wide table in itself, also where outputs grow with their content",
  async (browser) => {
    const columns = Array.from({ length: 20 }, (_, column) => `heading${column}`);
    const { "text/html": html } = await outputOf({ title: "t", columns, rows: [columns] });
    const page = await browser.newPage();
    await page.setContent(`<div style="display: grid; width: 300px"><div>${html}</div></div>`);
    const [shown, whole] = await page.evaluate<number[]>(
      `(({ clientWidth, scrollWidth }) => [clientWidth, scrollWidth])(document.querySelector(".scroll"))`,
    );
    assert(shown <= 300 && whole > 1000, `${shown} of ${whole} px are shown`);
  },
);
