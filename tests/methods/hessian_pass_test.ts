import { assert, assertEquals } from "@std/assert";
import { decodeMatrix, floatMatrix } from "../../lib/format/mod.ts";
import { hessianPass, quantizeGroup } from "../../lib/methods/hessian_pass.ts";
import { HessianFactor } from "../../lib/quant/mod.ts";
import { linearGroups } from "../../lib/model/mod.ts";
import { randomIds, tinyModels, withModel } from "../eval/tiny_models.ts";
import { linearNames, run } from "./support.ts";

for (const tiny of tinyModels) {
  Deno.test(`hessianPass() gives every map the factor of what it reads: ${tiny}`, () =>
    withModel(tiny, async (model) => {
      const seen: string[] = [];
      const steps: number[] = [];
      const pass = hessianPass({
        name: "nothing",
        settings: null,
        factor: (hessian, ...others) => new HessianFactor(hessian, { actOrder: false }, ...others),
        quantize(factor, { weight: { rows, columns }, name }, onStep) {
          seen.push(name);
          onStep(1);
          assertEquals(factor.columns, columns);
          return floatMatrix("F32", new Float32Array(rows * columns), rows, columns);
        },
      });
      const { model: changed } = await run(model, [{
        ...pass,
        rewrite(layer, grams, at) {
          const ofMlp = grams.gram("mlp.hidden");
          assert(ofMlp[0] > 0, "the block was changed before all of it was seen");
          const onStep = (share: number) => void (at.layer === 0 && steps.push(share));
          return pass.rewrite!(layer, grams, { ...at, onStep });
        },
      }], [randomIds(24, 1)]);
      const first = await changed.source.layer(0);
      const names = linearNames.filter((name) => first[name]);
      const expected = names.map((name) => `${name} of layer 0`);
      assertEquals(seen.slice(0, names.length), expected);
      assertEquals(seen.length, names.length * model.architecture.layers);
      assert(
        names.every((name) => decodeMatrix(first[name]!.weight).every((value) => value === 0)),
      );
      assertEquals(steps, steps.toSorted((a, b) => a - b));
      assertEquals(steps.at(-1), 1);
    }));
}

Deno.test("quantizeGroup() frees the factor, and leaves other maps as they are", () =>
  withModel("llama", async (model) => {
    const layer = await model.source.layer(0);
    let freed = 0;
    const changed = quantizeGroup(layer, linearGroups[0], { layer: 0, onStep() {} }, {
      factor: (name) => ({ name, [Symbol.dispose]: () => void freed++ }),
      quantize({ name }, { weight }) {
        assertEquals([name, freed], ["query of layer 0", 0]);
        return weight;
      },
    });
    assertEquals(freed, 1);
    assert(
      Object.entries(changed).every(([name, each]) =>
        each.weight === layer[name as keyof typeof layer]!.weight
      ),
    );
  }));
