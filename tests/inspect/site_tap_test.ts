import { assert, assertEquals, assertStrictEquals } from "@std/assert";
import { siteTap } from "../../lib/inspect/mod.ts";
import { forward, siteNames } from "../../lib/model/mod.ts";
import { tensorData, tf, tidy } from "../../lib/tensor/mod.ts";
import { families, randomIds, withRandomModel } from "../model/tiny_models.ts";

Deno.test("siteTap() is shown what its site gives, and hands it on", () => {
  const seen: unknown[] = [];
  const tap = siteTap("attn.q", (values, shape, visit) => seen.push([[...values], shape, visit]));
  const value = tf.tensor2d([1, 2], [1, 2]);
  const visit = { site: "attn.q", layer: 3, window: 2 } as const;
  assertStrictEquals(tap(value, visit), value);
  assertEquals(seen, [[[1, 2], [1, 2], visit]]);
  assertEquals(tap.sites, ["attn.q"]);
  value.dispose();
});

Deno.test("siteTap() meets its own site alone, once in every layer, and changes nothing", () =>
  withRandomModel(families.llama, (model) => {
    const ids = randomIds(6);
    const run = (options = {}) =>
      tidy(() => tensorData(forward(model, ids, options).hidden).slice());
    const plain = run();
    for (const site of siteNames.filter((site) => site !== "attn.probs")) {
      const met: string[] = [];
      const hook = siteTap(
        site,
        (_values, _shape, { site, layer }) => met.push(`${site} ${layer}`),
      );
      assertEquals(run({ hook }), plain);
      assertEquals(met, [`${site} 0`, `${site} 1`]);
    }
  }));

Deno.test("siteTap() makes attention maps exist at attn.probs only", () =>
  withRandomModel(families.bloom, async (model) => {
    const [tokens, { heads }] = [7, model.architecture];
    for (const site of siteNames) {
      const { kernels } = await tf.profile(() => {
        tidy(() => void forward(model, randomIds(tokens), { hook: siteTap(site, () => {}) }));
        return [];
      });
      const shapes = kernels.flatMap(({ outputShapes }) => outputShapes);
      assert(shapes.length > 0);
      const maps = shapes.some((shape) => `${shape}` === `${[heads, tokens, tokens]}`);
      assertEquals(maps, site === "attn.probs", site);
    }
  }));
