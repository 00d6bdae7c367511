import { assertEquals } from "@std/assert";
import { baselineName, baselineNotes, namesOn } from "../../../experiments/result/baseline.ts";
import { methods } from "../../../lib/methods/mod.ts";

const floats = [["F16"], ["BF16", "F32"], ["F64"], []].map((forms) => ({ forms }));
const quantized = { forms: ["Q4_1", "F16", "Q6_K"] };

Deno.test("baselineName() is FP16 for floats alone, and else says what they are dequantized from", () => {
  for (const stored of floats) assertEquals(baselineName(stored), "FP16");
  assertEquals(baselineName(quantized), "dequantized Q4_1, Q6_K");
});

Deno.test("namesOn() leaves rows of floats as they are called", () => {
  const names = { title: "a title", weight: "INT4", activation: "INT8" };
  const { settings } = methods["agileq-8"];
  for (const stored of floats) assertEquals(namesOn(stored, settings, names), names);
});

for (
  const [method, title, weight] of [
    ["fp16", "Dequantized Q4_1, Q6_K", "Q4_1, Q6_K"],
    ["rtn4", "RTN", "Q4_1, Q6_K, then INT4"],
    ["agileq-8", "AgileQ-8", "Q4_1, Q6_K, then INT4"],
    ["agileq-8-activations", "AgileQ-8 activations", "Q4_1, Q6_K"],
  ] as const
) {
  Deno.test(`namesOn() says of weights in few bits what ${method} makes of them`, () => {
    const { settings, title: usual, label } = methods[method];
    const { activation } = label;
    assertEquals(namesOn(quantized, settings, { title: usual, ...label }), {
      ...{ title, weight, activation },
    });
  });
}

Deno.test("baselineNotes() says what full precision is where weights are stored in few bits", () => {
  for (const stored of floats) assertEquals(baselineNotes("tiny", stored), []);
  assertEquals(baselineNotes("tiny", quantized), [
    "tiny: weights are stored as Q4_1, Q6_K; full precision means these, dequantized to floats, and " +
    "methods that quantize weights quantize them a second time",
  ]);
});
