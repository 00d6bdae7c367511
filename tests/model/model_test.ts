import { assert, assertEquals, assertRejects, assertStrictEquals, assertThrows } from "@std/assert";
import { InputError } from "../../lib/core/mod.ts";
import {
  disposeModel,
  forward,
  linearGroups,
  moduleOf,
  moduleShapes,
  parameters,
  withLinearWeights,
} from "../../lib/model/mod.ts";
import { tensorData, tf } from "../../lib/tensor/mod.ts";
import { families, randomModel, tinyArchitectures, withRandomModel } from "./tiny_models.ts";

const linearNames = new Set<string>(linearGroups.flat());

for (const [name, architecture] of Object.entries(tinyArchitectures)) {
  Deno.test(`withLinearWeights() shares all but the block's linear maps: ${name}`, async () => {
    await withRandomModel(architecture, async (model) => {
      const seen: string[] = [];
      const changed = await withLinearWeights(model, (module, layer, name) => {
        seen.push(`${layer} ${name}`);
        return { ...module, weight: tf.mul(module.weight, 2) };
      });
      const linear = moduleShapes(architecture).filter(({ layer, name }) =>
        layer !== null && linearNames.has(name)
      );
      assertEquals(seen, linear.map(({ layer, name }) => `${layer} ${name}`));
      for (const shape of moduleShapes(architecture)) {
        const [before, after] = [model, changed].map(({ weights }) => moduleOf(weights, shape));
        assertStrictEquals(after.bias, before.bias);
        if (linear.some(({ layer, name }) => layer === shape.layer && name === shape.name)) {
          assertEquals(tensorData(after.weight), tensorData(before.weight).map((each) => 2 * each));
        } else {
          assertStrictEquals(after.weight, before.weight);
        }
      }

      const tensors = tf.memory().numTensors;
      disposeModel(changed, model);
      assertEquals(tf.memory().numTensors, tensors - linear.length);
      assert(parameters(model.weights).every((tensor) => !tensor.isDisposed));
    });
  });
}

Deno.test("withLinearWeights() leaves what is handed back untouched", async () => {
  await withRandomModel(families.llama, async (model) => {
    const tensors = tf.memory().numTensors;
    const same = await withLinearWeights(model, (module) => Promise.resolve(module));
    disposeModel(same, model);
    assertEquals(tf.memory().numTensors, tensors);
  });
});

Deno.test("disposeModel() frees every parameter", async () => {
  const before = tf.memory().numTensors;
  const model = await randomModel(families.bloom);
  assertEquals(tf.memory().numTensors, before + parameters(model.weights).length);
  disposeModel(model);
  assertEquals(tf.memory().numTensors, before);
});

Deno.test("disposeModel() leaves a model that says so when it is used", async () => {
  const model = await randomModel(tinyArchitectures.llama);
  disposeModel(model);
  const rule = `${model.name} must not have been freed before: load it again`;
  assertThrows(
    () => forward(model, Int32Array.of(1, 2)),
    InputError,
    `Cannot run the model: ${rule}`,
  );
  await assertRejects(
    () => withLinearWeights(model, (module) => module),
    InputError,
    `Cannot change weights: ${rule}`,
  );
});
