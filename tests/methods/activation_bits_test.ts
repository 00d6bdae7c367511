import { assertEquals } from "@std/assert";
import { schemeBits } from "../../lib/methods/activation_bits.ts";
import type { LowerPrecision } from "../../lib/methods/site_scheme.ts";
import { methods } from "../../lib/methods/mod.ts";
import { families } from "../model/tiny_models.ts";

const { llama } = families;
const { hiddenSize, intermediateSize, heads, headDim } = llama;
const values = 2 * hiddenSize + heads * headDim + intermediateSize;

Deno.test("schemeBits() weighs inputs of linear maps by their channels", () => {
  const eight = { kind: "trip", bits: 8, K: 3 } as const;
  const sites = { "attn.input": eight, "attn.q": { ...eight, bits: 2 } };
  const bits = (8 * hiddenSize + 16 * (values - hiddenSize)) / values;
  assertEquals(schemeBits({ profile: "paper", sites }, llama), bits);
  const all = {
    "attn.input": eight,
    "attn.output": eight,
    "mlp.input": eight,
    "mlp.hidden": eight,
  };
  const lower: LowerPrecision = {
    ...{ share: [0.5, 1], inherited: false, calibratedOn: "these" },
    sites: { "mlp.input": { ...eight, bits: 4 } },
  };
  const less = 8 - 0.75 * 4 * hiddenSize / values;
  assertEquals(schemeBits({ profile: "paper", sites: all, lower }, llama), less);
});

Deno.test("activationBits() of methods are 16 without quantizers, and of AgileQ-4 eight before the softmax", () => {
  const bitsOf = (name: keyof typeof methods) => methods[name].activationBits(llama);
  assertEquals(
    ["fp16", "gptq4", "smoothquant", "agileq-8"].map((name) =>
      bitsOf(name as keyof typeof methods)
    ),
    [16, 16, 8, 8],
  );
  const four = (8 * hiddenSize + 4 * (values - hiddenSize)) / values;
  assertEquals([bitsOf("agileq-4"), bitsOf("agileq-4-rotated")], [four, four]);
  assertEquals(bitsOf("agileq-4/8"), (8 + four) / 2);
});
