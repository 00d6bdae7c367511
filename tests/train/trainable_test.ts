import { assertEquals, assertRejects } from "@std/assert";
import { forward, logits, openModel } from "../../lib/model/mod.ts";
import { tensorData, tf, tidy } from "../../lib/tensor/mod.ts";
import { openTrainable, parametersOf } from "../../lib/train/mod.ts";
import { families, randomIds, randomModel, tinyArchitectures } from "../model/tiny_models.ts";

for (const [name, architecture] of Object.entries(tinyArchitectures)) {
  Deno.test(`openTrainable() computes what the model does, bit for bit: ${name}`, async () => {
    const model = await randomModel(architecture);
    using trainable = await openTrainable(model);
    using open = await openModel(model);
    const [actual, expected] = [trainable, open].map((each) =>
      tidy(() => tensorData(logits(each, forward(each, randomIds(24), {}, 2).hidden)).slice())
    );
    assertEquals(actual, expected);
  });

  Deno.test(`openTrainable() has the parameters as variables and frees them: ${name}`, async () => {
    const model = await randomModel(architecture);
    const parameters = await parametersOf(model);
    const before = tf.memory().numTensors;
    {
      using trainable = await openTrainable(model);
      assertEquals(
        trainable.variables.map((each) => ({ shape: each.shape, values: tensorData(each) })),
        parameters,
      );
      assertEquals(tf.memory().numTensors, before + parameters.length);
    }
    assertEquals(tf.memory().numTensors, before);
  });
}

Deno.test("openTrainable() takes snapshots that later steps leave alone", async () => {
  const model = await randomModel(tinyArchitectures.opt);
  using trainable = await openTrainable(model);
  const snapshot = await trainable.snapshot();
  for (const variable of trainable.variables) tidy(() => variable.assign(tf.add(variable, 1)));
  assertEquals(await parametersOf(snapshot), await parametersOf(model));
  assertEquals(snapshot.name, model.name);
  const moved = await parametersOf(await trainable.snapshot());
  const [first] = await parametersOf(model);
  assertEquals(moved[0].values, first.values.map((value) => value + 1));
});

Deno.test("openTrainable() keeps no variables where a later one is refused", async () => {
  const model = await randomModel(families.opt);
  const { outer } = model.source;
  const before = tf.memory().numTensors;
  const layer = async (index: number) => {
    const weights = await model.source.layer(index);
    const { weight } = weights.mlpNorm!;
    return { ...weights, mlpNorm: { weight, bias: new Float32Array(1) } };
  };
  await assertRejects(() => openTrainable({ ...model, source: { outer, layer } }));
  assertEquals(tf.memory().numTensors, before);
});
