import { assert, assertEquals, assertThrows } from "@std/assert";
import { canonicalJson, InputError } from "../../lib/core/mod.ts";
import { type ConfiguredMethod, methodOf, methods } from "../../lib/methods/mod.ts";
import { families } from "../model/tiny_models.ts";

const gptq = {
  ...{ bits: 4, groupSize: 128, actOrder: true, symmetric: false },
  ...{ blockSize: 128, percdamp: 0.01 },
};

Deno.test("methods hold the released settings of GPTQ, and round to nearest by rows", () => {
  const { fp16, rtn4, gptq4 } = methods;
  assertEquals(gptq4.settings, { weights: gptq });
  const weights = { bits: 4, groupSize: "row", symmetric: false, range: "minmax" };
  assertEquals(rtn4.settings, { weights });
  assertEquals(fp16.settings, {});
});

Deno.test("methods hold the settings of Agile-Quant", () => {
  const agile = Object.entries(methods).filter(([name]) => name.startsWith("agileq"));
  for (const [name, { settings }] of agile) {
    assertEquals(settings.weights, name === "agileq-8-activations" ? undefined : gptq);
  }
  const activations = agile.map(([name, { settings }]) => [name, settings.activations]);
  const eight = { bits: 8, profile: "paper" };
  assertEquals(Object.fromEntries(activations), {
    "agileq-8": eight,
    "agileq-8-activations": eight,
    "agileq-8-eq3": { ...eight, softmax: "paper" },
    "agileq-4": { ...eight, bits: 4 },
    "agileq-4/8": { ...eight, lower: { share: 0.5, inherited: false } },
    "agileq-8-rotated": eight,
    "agileq-4-rotated": { ...eight, bits: 4 },
  });
});

Deno.test("methods have titles and labels of their own", () => {
  const titles = Object.values(methods).map(({ title }) => title);
  assertEquals(new Set(titles).size, titles.length);
  const expected = [
    ["fp16", "FP16", "FP16", "FP16"],
    ["rtn4", "RTN", "INT4", "FP16"],
    ["gptq4", "GPTQ", "INT4", "FP16"],
    ["spqr4", "SpQR", "INT4", "FP16"],
    ["spqr3", "SpQR, 3 bits", "INT3", "FP16"],
    ["squeezellm4", "SqueezeLLM", "INT4", "FP16"],
    ["squeezellm4-sparse", "SqueezeLLM, 0.45 % kept", "INT4", "FP16"],
    ["shiftadd3-acc", "ShiftAddLLM (acc.)", "INT3", "FP16"],
    ["shiftadd3-lat", "ShiftAddLLM (lat.)", "INT3", "FP16"],
    ["fp6-e3m2", "FP6 E3M2", "FP6", "FP8"],
    ["mxfp4", "MXFP4", "MXFP4", "MXFP4"],
    ["zeroquant-fp-w4a8", "ZeroQuant-FP W4A8", "FP4", "FP8"],
    ["fixed-point8", "QFX, weights in 8 bits", "INT8", "FP16"],
    ["fixed-point8-activations", "QFX, weights and activations in 8 bits", "INT8", "INT8"],
    ["comet", "COMET", "INT4", "INT4, INT8"],
    ["dfp16", "DFP16", "INT16", "INT16"],
    ["nupes4", "NUPES", "INT4", "FP16"],
    ["nupes-w4a8", "NUPES W4A8", "INT4", "INT8"],
    ["l-mul", "L-Mul", "BF16", "BF16"],
    ["l-mul-attention", "L-Mul in attention", "FP16", "attention BF16"],
    ["l-mul-both", "L-Mul in maps and attention", "BF16", "BF16"],
    ["bipolar4", "Bipolar INT4", "INT4", "FP16"],
    ["mofq8", "MoFQ8", "FP8/INT8 mixed", "FP8/INT8 mixed"],
    ["bitmod3", "BitMoD, 3 bits", "FP3", "FP16"],
    ["agileq-8", "AgileQ-8", "INT4", "INT8"],
    ["agileq-8-activations", "AgileQ-8 activations", "FP16", "INT8"],
    ["agileq-8-eq3", "AgileQ-8, eq. 3 as printed", "INT4", "INT8"],
    ["agileq-4", "AgileQ-4", "INT4", "INT4"],
    ["agileq-4/8", "AgileQ-4/8", "INT4", "INT4, INT8"],
  ] as const;
  for (const [name, title, weight, activation] of expected) {
    assertEquals([methods[name].title, methods[name].label], [title, { weight, activation }]);
  }
});

Deno.test("methods that share GPTQ's settings begin with its passes, and their settings are plain data", () => {
  const outline = (method: ConfiguredMethod) =>
    method.passes(families.llama).map(({ name, settings }) => canonicalJson([name, settings]));
  const passes = outline(methods.gptq4);
  assertEquals(new Set(passes).size, 4);
  for (const name of ["agileq-8", "agileq-8-eq3", "agileq-4", "agileq-4/8"] as const) {
    const own = outline(methods[name]);
    assertEquals(own.slice(0, 4), passes);
    assert(own.length > 4);
  }
});

Deno.test("methodOf() finds every method and refuses other names", () => {
  for (const [name, method] of Object.entries(methods)) assert(methodOf(name) === method);
  for (const name of ["int3", "toString"]) {
    assertThrows(
      () => methodOf(name),
      InputError,
      `Cannot choose a method: it must be ${Object.keys(methods).join(", ")}, got "${name}"`,
    );
  }
});
