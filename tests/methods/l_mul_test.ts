import { assertEquals, assertNotEquals, assertThrows } from "@std/assert";
import { InputError, makeAll } from "../../lib/core/mod.ts";
import { scoreWindows } from "../../lib/eval/mod.ts";
import { lMulMap } from "../../lib/linear/mod.ts";
import { methods, prepareModel } from "../../lib/methods/mod.ts";
import type { MapMaker } from "../../lib/model/mod.ts";
import { randomIds, tinyModels, withModel } from "../eval/tiny_models.ts";
import { families } from "../model/tiny_models.ts";
import { layersOf, unread } from "./support.ts";

const ids = randomIds(40, 1);

const maps: MapMaker = (_group, modules) =>
  makeAll(modules, ({ weight, bias }) => lMulMap(weight, bias, 7));

for (const name of tinyModels) {
  Deno.test(`lMulMethod multiplies by L-Mul in all linear maps, and leaves weights as they are: ${name}`, () =>
    withModel(name, async (model) => {
      const { model: changed, forward } = await prepareModel(model, methods["l-mul"], unread);
      const [[before], [after]] = [await layersOf(model), await layersOf(changed)];
      assertEquals(after.down!.weight, before.down!.weight);
      const [{ loss }] = await scoreWindows(changed, [ids], forward);
      const own = { ...model, source: { ...model.source, maps } };
      assertEquals(loss, (await scoreWindows(own, [ids]))[0].loss);
      assertNotEquals(loss, (await scoreWindows(model, [ids]))[0].loss);
    }));
}

Deno.test("lMulMethod says what it multiplies, and refuses numbers without a mantissa", () => {
  const method = methods["l-mul"];
  assertEquals(method.label, { weight: "BF16", activation: "BF16" });
  const few = method.with({ activations: { bits: 12 } });
  assertEquals(few.label, { weight: "E8M3", activation: "E8M3" });
  const none = method.with({ activations: { bits: 9 } });
  const rule = "Cannot multiply by L-Mul: mantissas must have 1..22 bits, got 0";
  assertThrows(() => none.passes(families.llama), InputError, rule);
});
