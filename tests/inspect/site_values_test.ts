import { assert, assertAlmostEquals, assertEquals, assertRejects } from "@std/assert";
import { InputError } from "../../lib/core/mod.ts";
import { siteValues } from "../../lib/inspect/mod.ts";
import { tensorData, tf } from "../../lib/tensor/mod.ts";
import { atSites, forward } from "../../lib/model/mod.ts";
import { families, randomModel } from "../model/tiny_models.ts";
import { pruning, randomIds, tinyModels, withModel, withOpenModel } from "../eval/tiny_models.ts";

const window = randomIds(12, 1);

for (const name of tinyModels) {
  Deno.test(`siteValues() gives all attention maps of ${name}, whose rows add up to 1`, () =>
    withModel(name, async (model) => {
      const { heads, layers } = model.architecture;
      const found = await siteValues(model, window, "attn.probs");
      assertEquals(
        found.map(({ layer, shape }) => [layer, shape]),
        Array.from(
          { length: layers },
          (_, layer) => [layer, [heads, 12, 12]],
        ),
      );
      for (const { values } of found) {
        for (let row = 0; row < values.length; row += 12) {
          assertAlmostEquals(values.subarray(row, row + 12).reduce((sum, p) => sum + p), 1, 1e-5);
        }
      }
    }));
}

Deno.test("siteValues() sees what the options' hook makes of a value, in the layers asked for", () =>
  withModel("llama", async (model) => {
    const hook = (value: tf.Tensor, { site }: { site: string }) =>
      site === "mlp.input" ? tf.zerosLike(value) : value;
    const [found, ...rest] = await siteValues(model, window, "mlp.input", { hook }, [2]);
    assertEquals([found.layer, rest.length], [2, 0]);
    assert(found.values.every((value) => value === 0));
  }));

Deno.test("siteValues() changes nothing", () =>
  withOpenModel("bloom", async (model, stored) => {
    const run = () => {
      const { hidden } = forward(model, window);
      const values = tensorData(hidden).slice();
      hidden.dispose();
      return values;
    };
    const before = run();
    await siteValues(stored, window, "attn.input");
    assertEquals(run(), before);
  }));

Deno.test("siteValues() says which tokens reach a site: pruning comes between attention and MLP", () =>
  withModel("llama", async (model) => {
    const counts = async (site: "attn.input" | "mlp.input") => {
      const found = await siteValues(model, window, site, { pruning });
      return found.map(({ positions, shape }) => {
        assertEquals(positions.length, shape[0]);
        return positions.length;
      });
    };
    assertEquals(await counts("attn.input"), [12, 6, 4]);
    assertEquals(await counts("mlp.input"), [6, 4, 4]);
  }));

Deno.test("siteValues() puts maps together that arrive in several parts", async () => {
  const heads = 80; // too many maps of 512 x 512 for one part
  const architecture = { ...families.bloom, layers: 1, heads, keyValueHeads: heads, headDim: 2 };
  const model = await randomModel({ ...architecture, hiddenSize: 160, embeddingSize: 160 });
  const long = Int32Array.from({ length: 512 }, (_, i) => i % 50);
  let parts = 0;
  const hook = atSites(["attn.probs"], (value) => {
    parts++;
    return value;
  });
  const [{ shape, values }] = await siteValues(model, long, "attn.probs", { hook });
  assert(parts > 1);
  assertEquals(shape, [heads, 512, 512]);
  for (let row = 0; row < heads * 512; row++) {
    assertEquals(values[row * 512 + row % 512] > 0, true);
    if (row % 512 < 511) assertEquals(values[row * 512 + row % 512 + 1], 0);
  }
});

Deno.test("siteValues() refuses a site or layer that the model does not have", () =>
  withModel("bloom", async (model) => {
    await assertRejects(
      () => siteValues(model, window, "attn.qBeforeRotary"),
      InputError,
      "Cannot look at attn.qBeforeRotary: layer 0 of bloom must have it",
    );
    await assertRejects(
      () => siteValues(model, window, "attn.input", {}, [3]),
      InputError,
      "Cannot look at attn.input: layer 3 of bloom must have it",
    );
  }));

Deno.test("siteValues() keeps no tensors where it is refused or stopped", async () => {
  const model = await randomModel(families.llama);
  const before = tf.memory().numTensors;
  const refused = { pruning: { ...pruning, ratios: new Map([[1, 2]]) } };
  await assertRejects(() => siteValues(model, Int32Array.of(1, 2), "attn.q", refused), InputError);
  const signal = AbortSignal.abort();
  await assertRejects(() => siteValues(model, Int32Array.of(1, 2), "attn.q", { signal }));
  assertEquals(tf.memory().numTensors, before);
});
