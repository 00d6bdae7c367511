import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { seededRandom } from "../../lib/core/mod.ts";
import { saveModel } from "../../lib/model/mod.ts";
import { tf } from "../../lib/tensor/mod.ts";
import { lossAndGradients, openTrainable, withParameters } from "../../lib/train/mod.ts";
import { withFolder } from "../io/temporary_folder.ts";
import { referenceLoss } from "../model/reference_decoder.ts";
import { referenceFamily } from "../model/reference_families.ts";
import { ReferenceWeights } from "../model/reference_weights.ts";
import { randomIds, randomModel, tinyArchitectures } from "../model/tiny_models.ts";

const window = 6;
const batch = { inputs: randomIds(2 * window, 1), targets: randomIds(2 * window, 2) };

/** The mean loss of the two windows, in float64 by the reference decoder. */
function slowLoss(weights: ReferenceWeights): number {
  const family = referenceFamily(weights);
  const losses = [0, window].map((from) =>
    referenceLoss(
      family,
      batch.inputs.subarray(from, from + window),
      batch.targets.subarray(from, from + window),
    )
  );
  return (losses[0] + losses[1]) / 2;
}

for (const [name, architecture] of Object.entries(tinyArchitectures)) {
  Deno.test(`lossAndGradients() agrees with finite differences in float64: ${name}`, async () => {
    const model = await randomModel(architecture);
    await withFolder(async (folder) => {
      using trainable = await openTrainable(model);
      const { loss, gradients } = lossAndGradients(trainable, batch, 2);
      await saveModel(model, `${folder}/parameters`, "F32");
      // The gradients in the place of the parameters, so that a checkpoint gives them names.
      const slopes = await withParameters(model, gradients);
      await saveModel(slopes, `${folder}/gradients`, "F32");

      const slow = new ReferenceWeights(`${folder}/parameters`);
      const fast = new ReferenceWeights(`${folder}/gradients`);
      assertAlmostEquals(loss, slowLoss(slow), 1e-5);
      const random = seededRandom(0);
      const step = 1e-4;
      for (const [tensor, { values }] of slow.tensors) {
        const found = fast.tensors.get(tensor)!.values;
        const steepest = found.reduce(
          (at, each, i) => Math.abs(each) > Math.abs(found[at]) ? i : at,
          0,
        );
        for (const index of [steepest, random.integer(0, values.length - 1)]) {
          const value = values[index];
          values[index] = value + step;
          const above = slowLoss(slow);
          values[index] = value - step;
          const below = slowLoss(slow);
          values[index] = value;
          const expected = (above - below) / (2 * step);
          assertAlmostEquals(found[index], expected, 1e-5, `${tensor} ${index}`);
        }
      }
    });
  });
}

Deno.test("lossAndGradients() has a gradient for every parameter and keeps no tensors", async () => {
  for (const architecture of Object.values(tinyArchitectures)) {
    using model = await openTrainable(await randomModel(architecture));
    const before = tf.memory().numTensors;
    const { gradients } = lossAndGradients(model, batch, 2);
    assertEquals(tf.memory().numTensors, before);
    assertEquals(
      gradients.map(({ length }) => length),
      model.variables.map(({ size }) => size),
    );
    assert(gradients.every((gradient) => gradient.some((slope) => slope !== 0)));
  }
});
