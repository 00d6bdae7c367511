import { assertEquals, assertStringIncludes } from "@std/assert";
import { display, type Displayable } from "../../lib/display/mod.ts";
import { quantizeLog2, quantizeUniform, rtn, searchTrip } from "../../lib/quant/mod.ts";
import { toHtml, toText } from "../../lib/report/mod.ts";
import { afterLayer, startTrack } from "../../lib/tokens/mod.ts";

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
const layout = { channels: 1, granularity: "tensor" } as const;
const weight = { rows: 2, columns: 3, bits: 4, groupSize: 2, range: "minmax" } as const;

for (
  const [kind, value, title] of [
    ["a table", table, "T"],
    ["uniform codes", quantizeUniform(x, { bits: 3, ...layout }), "Uniform quantization"],
    ["log2 codes", quantizeLog2(x, { bits: 4 }), "Log2 quantization"],
    ["TRIP", searchTrip(x, { channels: 2, bits: 8, K: 3 }), "TRIP: 8 bits, K = 3, 2 channels"],
    ["a weight", rtn(x, { ...weight, symmetric: false }), "Quantized weight"],
    [
      "a pruning plan",
      { ratios: new Map([[1, 0.5]]), positions: "renumber", importance: () => x },
      "Token pruning",
    ],
    ["a track of tokens", afterLayer(startTrack(4)), "Tokens of a window of 4"],
  ] as [string, Displayable, string][]
) {
  Deno.test(`display() knows ${kind} by what it has`, async () => {
    const output = await outputOf(value);
    assertEquals(output["text/plain"].split("\n")[0], title);
    assertStringIncludes(output["text/html"], `<caption>${title}</caption>`);
  });
}
