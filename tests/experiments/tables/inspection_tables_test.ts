import { assertEquals, assertStringIncludes } from "@std/assert";
import { channelTable, concentrationTable } from "../../../experiments/tables/inspection_tables.ts";
import { verdictLegend } from "../../../lib/core/mod.ts";

Deno.test("concentrationTable() says how many times equal attention the shares are", () => {
  const full = {
    ...{ start: 0.5, startIfUniform: 0.125, local: 0.25, localIfUniform: 0.5 },
    ...{ stripe: { value: 4, low: 3.5, high: 4.5 }, diagonal: { value: 0.5 } },
  };
  const quantized = { ...full, start: 0.25, stripe: { value: 2 } };
  const { rows, notes } = concentrationTable([{ layer: 3, full, quantized }], 16);
  const [share, near] = [{ value: 25, digits: 1 }, { value: 0.5, digits: 2 }];
  assertEquals(rows, [
    ["3", { value: 50, digits: 1 }, { value: 4, low: 3.5, high: 4.5, digits: 2 }, share, near],
    ["3, quantized", share, { value: 2, digits: 2 }, share, near],
  ]);
  assertEquals(notes, [
    '"the first token gets more than twice equal attention in the last layer": reproduced ' +
    "(4.00 [3.50, 4.50] times)",
    '"the first token gets more than twice equal attention in the last layer, quantized": ' +
    "undecided (2.00 times)",
    '"the first token gets more than twice equal attention in every layer": reproduced ' +
    "(reproduced for layer 3)",
    '"the nearest 16 tokens get more than twice equal attention in the last layer": undecided ' +
    "(0.50 times)",
    '"the nearest 16 tokens get more than twice equal attention in the last layer, quantized": ' +
    "undecided (0.50 times)",
    '"the nearest 16 tokens get more than twice equal attention in every layer": undecided ' +
    "(undecided for layer 3)",
    verdictLegend,
  ]);
});

Deno.test("concentrationTable() tells layers with a pattern from those without", () => {
  const measured = (times: number) => {
    const pattern = { value: times, low: times - 0.1, high: times + 0.1 };
    const shares = { start: 0, startIfUniform: 1, local: 0, localIfUniform: 1 };
    return { ...shares, stripe: pattern, diagonal: pattern };
  };
  const layers = [3, 3, 0.4].map((times, layer) => (
    { layer, full: measured(times), quantized: measured(times) }
  ));
  const [last, , everywhere] = concentrationTable(layers, 16).notes!;
  assertStringIncludes(last, 'in the last layer": contradicted (0.40 [0.30, 0.50] times)');
  assertStringIncludes(
    everywhere,
    "contradicted (reproduced for layer 0, layer 1; contradicted for layer 2)",
  );
});

Deno.test("channelTable() has a row per layer, and judges what the paper says of channels", () => {
  const layer = {
    ...{ layer: 0, outliers: 3, persistent: 1, persistence: { value: 0.6, low: 0.55, high: 0.65 } },
    ...{ spread: { value: 2.5 }, spreadPruned: { value: 2, low: 1, high: 3 } },
    pruningEffect: { value: 1, low: 1, high: 1 },
  };
  const tamed = { value: 0.8, low: 0.7, high: 0.9 };
  const rarer = { ...layer, layer: 1, pruningEffect: tamed, persistence: { value: 0.2 } };
  const { rows, notes } = channelTable([layer, rarer]);
  assertEquals(rows[0], [
    ...["0", { value: 2.5, digits: 2 }, { value: 2, low: 1, high: 3, digits: 2 }, 3, 1],
  ]);
  assertEquals(notes, [
    '"some channel is outlying in more than half of the tokens": reproduced ' +
    "(at most in a share of 0.600 [0.550, 0.650], in layer 0)",
    '"pruning brings the largest channel closer to the median one": reproduced ' +
    "(after / before: not testable here for layer 0 (1.00 [1.00, 1.00]); " +
    "reproduced for layer 1 (0.80 [0.70, 0.90]))",
    verdictLegend,
  ]);
});
