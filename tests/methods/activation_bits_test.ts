import { assert, assertEquals } from "@std/assert";
import { meterBits, schemeBits, siteWidth } from "../../lib/methods/activation_bits.ts";
import type { LowerPrecision } from "../../lib/methods/site_scheme.ts";
import { methods, quantizingHook } from "../../lib/methods/mod.ts";
import { type ChannelSite, forward, type SiteHook, type SiteName } from "../../lib/model/mod.ts";
import { tensorData, tf, tidy, useBackend } from "../../lib/tensor/mod.ts";
import { families, tinyArchitectures, withRandomModel } from "../model/tiny_models.ts";

const { llama } = families;
const { hiddenSize, intermediateSize, heads, headDim } = llama;
const values = 2 * hiddenSize + heads * headDim + intermediateSize;

Deno.test("schemeBits() weighs inputs of linear maps by their channels", () => {
  const eight = { kind: "trip", bits: 8, K: 3 } as const;
  const sites = { "attn.input": eight, "attn.q": { ...eight, bits: 2 } };
  const bits = (8 * hiddenSize + 16 * (values - hiddenSize)) / values;
  assertEquals(schemeBits({ sites }, llama), bits);
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
  assertEquals(schemeBits({ sites: all, lower }, llama), less);
  const own = [{ "attn.input": 4, "attn.q": 3 }, { "mlp.hidden": 6 }];
  const allocated = 8 - (4 * hiddenSize + 2 * intermediateSize) / (2 * values);
  assertEquals(schemeBits({ sites: all }, llama, own), allocated);
});

for (const [family, architecture] of Object.entries(tinyArchitectures)) {
  Deno.test(`siteWidth() is how many channels a token has at a site: ${family}`, () =>
    withRandomModel(architecture, (model) => {
      const seen = new Map<SiteName, number>();
      const hook: SiteHook = (value, { site }) => {
        seen.set(site, value.shape.at(-1)!);
        return value;
      };
      tidy(() => forward(model, Int32Array.of(1, 2, 3), { hook }));
      seen.delete("attn.probs");
      const widths = [...seen.keys()].map((site) => [
        site,
        siteWidth(site as ChannelSite, architecture),
      ]);
      assertEquals(new Map(widths as [SiteName, number][]), seen);
      assert(seen.size >= 7);
    }));
}

Deno.test("meterBits() weighs the bits of what it sees by its size, and passes it on", async () => {
  await useBackend("agile");
  const layers = [{ "mlp.input": { bitsOf: () => 8, apply: tf.neg } }, {
    "mlp.input": { bitsOf: (value: tf.Tensor) => value.shape[0], apply: tf.neg },
    "attn.q": { apply: tf.neg },
  }];
  const { hook, average } = meterBits(quantizingHook(layers), layers);
  assertEquals([hook.sites, average()], [["attn.q", "mlp.input"], undefined]);
  tf.tidy(() => {
    const see = (
      site: SiteName,
      layer: number,
      ...values: number[]
    ) => [...tensorData(hook(tf.tensor1d(values), { site, layer, window: 0 }))];
    assertEquals(see("attn.q", 1, 1, 2), [-1, -2]);
    assertEquals(average(), undefined);
    assertEquals(see("mlp.input", 0, 1), [-1]);
    see("mlp.input", 1, 1, 2, 3);
  });
  assertEquals(average(), (8 + 3 * 3) / 4);
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
