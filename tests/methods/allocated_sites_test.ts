import { assert, assertEquals, assertNotEquals } from "@std/assert";
import {
  allocatableSites,
  type ConfiguredMethod,
  type MethodName,
  methods,
  prepareModel,
  type SiteAllocation,
  type SiteQuantizer,
  siteWidth,
} from "../../lib/methods/mod.ts";
import type { Model, SiteName } from "../../lib/model/mod.ts";
import { tensorData, tf, tidy } from "../../lib/tensor/mod.ts";
import { randomIds, tinyModels, withModel } from "../eval/tiny_models.ts";
import { calibrationOf, run } from "./support.ts";

const windows = [31, 32].map((seed) => randomIds(40, seed));

const allocating = (Object.entries(methods) as [MethodName, ConfiguredMethod][])
  .filter(([, { allocates }]) => allocates.activations.length > 0);

/** Bits of each site, in each layer, by its place among the sites of all layers. */
function allocationOf(
  { architecture }: Model,
  method: ConfiguredMethod,
  bits: (place: number) => number,
): SiteAllocation {
  const sites = allocatableSites(method.passes(architecture));
  return Array.from(
    { length: architecture.layers },
    (_, layer) =>
      Object.fromEntries(
        sites.map((site, order) => [site, bits(layer * sites.length + order)]),
      ),
  );
}

/** What the quantizers of each site make of three tokens, in each layer. */
async function roundedWith(model: Model, method: ConfiguredMethod) {
  const { architecture } = model;
  const passes = method.passes(architecture).filter(({ rewrite }) => !rewrite);
  const { sites } = await run(model, passes, windows);
  const rounded = (quantizer: SiteQuantizer, site: SiteName, layer: number) =>
    tidy(() => {
      const isMap = site === "attn.probs";
      const shape = isMap ? [1, 3, 3] : [3, siteWidth(site, architecture)];
      const wave = Float32Array.from({ length: 3 * shape.at(-1)! }, (_, i) => Math.sin(1.3 * i));
      const value = tf.tensor(isMap ? wave.map(Math.abs) : wave, shape);
      return [...tensorData(quantizer.apply(value, { site, layer, window: 0 }))];
    });
  return sites.map((own, layer) =>
    Object.fromEntries(
      Object.entries(own).map(([site, each]) => [site, rounded(each, site as SiteName, layer)]),
    )
  );
}

Deno.test("methods whose quantizers of sites have bits in common allocate these", () => {
  assertEquals(allocating.map(([name]) => name), [
    ...["smoothquant", "crossquant-w8a8", "crossquant-w4a8", "crossquant-w4a4"] as const,
    ...["zeroquant-fp-int8", "zeroquant-fp-int4", "zeroquant-fp-lorc"] as const,
    ...["agileq-8", "agileq-8-activations", "agileq-8-eq3", "agileq-4", "agileq-4/8"] as const,
    ...["agileq-8-rotated", "agileq-4-rotated"] as const,
  ]);
});

Deno.test("allocatableSites() are all that passes quantize but the attention maps", () =>
  withModel("llama", ({ architecture }) => {
    const earlier = ["attn.input", "attn.q", "attn.k", "attn.v"];
    const later = ["attn.output", "mlp.input", "mlp.hidden"];
    const sitesOf = (method: ConfiguredMethod) => allocatableSites(method.passes(architecture));
    assertEquals(sitesOf(methods["agileq-8"]), [...earlier, ...later]);
    assertEquals(sitesOf(methods["crossquant-w4a4"]), ["attn.input", ...later]);
    assertEquals(sitesOf(methods.rtn4), []);
  }));

for (const name of ["agileq-8-activations", "agileq-4", "smoothquant"] as const) {
  Deno.test(`allocatedSitePasses() with the same bits everywhere is the method with these: ${name}`, () =>
    withModel("llama", async (model) => {
      const method: ConfiguredMethod = methods[name];
      for (const bits of [4, 6]) {
        const allocation = allocationOf(model, method, () => bits);
        const same = await roundedWith(model, method.withSame("activations", bits));
        const allocated = method.with({ activations: { allocation } });
        assertEquals(await roundedWith(model, allocated), same);
        assertEquals(
          allocated.activationBits(model.architecture),
          method.withSame("activations", bits).activationBits(model.architecture),
        );
      }
    }));
}

for (const name of tinyModels) {
  Deno.test(`allocatedSitePasses() round the values at each site to its own bits: ${name}`, () =>
    withModel(name, async (model) => {
      const method = methods["agileq-8-activations"];
      const choices = method.allocates.activations;
      const allocation = allocationOf(model, method, (place) => choices[place % choices.length]);
      const found = await roundedWith(model, method.with({ activations: { allocation } }));
      const uniform = new Map<number, Awaited<ReturnType<typeof roundedWith>>>();
      for (const bits of choices) {
        uniform.set(bits, await roundedWith(model, method.withSame("activations", bits)));
      }
      assertEquals(found.map(Object.keys).map((sites) => sites.length), Array(3).fill(8));
      for (const [layer, own] of allocation.entries()) {
        for (const [site, bits] of Object.entries(own)) {
          assertEquals(found[layer][site], uniform.get(bits)![layer][site], `${site} of ${layer}`);
          const other = bits === 3 ? 4 : 3;
          assertNotEquals(found[layer][site], uniform.get(other)![layer][site]);
        }
        assertEquals(found[layer]["attn.probs"], uniform.get(8)![layer]["attn.probs"]);
      }
    }));
}

Deno.test("allocatedSitePasses() leave tokens that are computed in fewer bits theirs", () =>
  withModel("llama", async (model) => {
    const method = methods["agileq-4/8"];
    const allocation = allocationOf(model, method, (place) => place % 2 ? 6 : 8);
    const allocated = method.with({ activations: { allocation } });
    const passes = allocated.passes(model.architecture);
    assertEquals(passes.at(-1), {
      ...method.passes(model.architecture).at(-1)!,
      quantize: passes.at(-1)!.quantize,
    });
    const { sites, lower } = await run(
      model,
      passes.filter(({ rewrite }) => !rewrite),
      windows,
    );
    assertEquals(lower, { share: 0.5, inherited: false });
    for (const [layer, own] of allocation.entries()) {
      const { grid, lowerGrid } = sites[layer]["mlp.hidden"]!;
      assertEquals([grid!.bits, lowerGrid!.bits], [own["mlp.hidden"], 4]);
    }
  }));

Deno.test("allocatedSitePasses() can run in integers, beside bits of weights", () =>
  withModel("opt-pre", async (model) => {
    const { layers } = model.architecture;
    const method = methods["agileq-8"];
    const activations = { allocation: allocationOf(model, method, (place) => place % 2 ? 6 : 8) };
    const maps = { query: 3, key: 4, value: 4, output: 2, up: 8, down: 4 };
    const weights = { allocation: Array(layers).fill(maps) };
    const both = method.with({ weights, activations });
    const execute = "integer" as const;
    const { forward } = await prepareModel(model, both, calibrationOf(windows), { execute });
    assertEquals(forward.steps?.length, layers);
    assertEquals(both.label, { weight: "INT2-8 mixed", activation: "INT6-8 mixed" });
    assert(both.activationBits(model.architecture) < 8);
  }));
