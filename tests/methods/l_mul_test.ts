import { assertEquals, assertNotEquals, assertThrows } from "@std/assert";
import { InputError, makeAll } from "../../lib/core/mod.ts";
import { scoreWindows } from "../../lib/eval/mod.ts";
import { lMulMap, lMulProduct } from "../../lib/linear/mod.ts";
import { calibrate, type MethodName, methods, prepareModel } from "../../lib/methods/mod.ts";
import type { BlockSource, MapMaker } from "../../lib/model/mod.ts";
import { randomIds, tinyModels, withModel } from "../eval/tiny_models.ts";
import { families } from "../model/tiny_models.ts";
import { layersOf, unread } from "./support.ts";

const ids = randomIds(40, 1);

const maps: MapMaker = (_group, modules) =>
  makeAll(modules, ({ weight, bias }) => lMulMap(weight, bias, 7));

const attentionProduct = lMulProduct(7);

const changes = [
  ["l-mul", "all linear maps", { maps }],
  ["l-mul-attention", "attention", { attentionProduct }],
  ["l-mul-both", "both", { maps, attentionProduct }],
] as const satisfies [MethodName, string, Partial<BlockSource>][];

for (const name of tinyModels) {
  for (const [method, where, change] of changes) {
    Deno.test(`lMulMethod multiplies by L-Mul in ${where}, and leaves weights as they are: ${name}`, () =>
      withModel(name, async (model) => {
        const { model: changed, forward } = await prepareModel(model, methods[method], unread);
        const [[before], [after]] = [await layersOf(model), await layersOf(changed)];
        assertEquals(after.down!.weight, before.down!.weight);
        const [{ loss }] = await scoreWindows(changed, [ids], forward);
        const own = { ...model, source: { ...model.source, ...change } };
        assertEquals(loss, (await scoreWindows(own, [ids]))[0].loss);
        assertNotEquals(loss, (await scoreWindows(model, [ids]))[0].loss);
      }));
  }
}

Deno.test("calibrate() keeps how attention multiplies where a later pass rewrites blocks", () =>
  withModel("llama", async (model) => {
    const passes = [methods["l-mul-both"], methods.rtn4].flatMap(({ passes }) =>
      passes(model.architecture)
    );
    const start = { model, sites: [] };
    const { model: { source } } = await calibrate(start, passes, unread);
    assertEquals([typeof source.maps, typeof source.attentionProduct], ["function", "function"]);
  }));

Deno.test("lMulMethod says what it multiplies, and refuses numbers without a mantissa", () => {
  const method = methods["l-mul"];
  assertEquals(method.label, { weight: "BF16", activation: "BF16" });
  const few = method.with({ activations: { bits: 12 } });
  assertEquals(few.label, { weight: "E8M3", activation: "E8M3" });
  const none = method.with({ activations: { bits: 9 } });
  const rule = "Cannot multiply by L-Mul: bits must be an integer in 10..31, got 9";
  assertThrows(() => none.passes(families.llama), InputError, rule);
});

Deno.test("lMulMethod refuses other products, and rounds what maps read unless it is in attention alone", () => {
  const elsewhere = methods["l-mul"].with({ activations: { products: "softmax" } });
  const rule = "Cannot multiply by L-Mul: products must be maps or attention or both, got";
  assertThrows(() => elsewhere.passes(families.llama), InputError, rule);
  const few = { activations: { bits: 12 } };
  const bits = changes.map(([name]) => methods[name].with(few).activationBits(families.llama));
  assertEquals(bits, [12, 16, 12]);
});
