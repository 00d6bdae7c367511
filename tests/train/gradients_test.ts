import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { seededRandom } from "../../lib/core/mod.ts";
import {
  buildWeights,
  disposeModel,
  type Model,
  parameters,
  saveModel,
} from "../../lib/model/mod.ts";
import { tf } from "../../lib/tensor/mod.ts";
import { lossAndGradients } from "../../lib/train/mod.ts";
import { withFolder } from "../io/temporary_folder.ts";
import { referenceLoss } from "../model/reference_decoder.ts";
import { referenceFamily } from "../model/reference_families.ts";
import { ReferenceWeights } from "../model/reference_weights.ts";
import { randomIds, tinyArchitectures, withRandomModel } from "../model/tiny_models.ts";

const window = 6;
const batch = { inputs: randomIds(2 * window, 1), targets: randomIds(2 * window, 2) };

/** The gradients in the place of the parameters, so that a checkpoint gives them names. */
async function gradientModel(model: Model, gradients: Float32Array[]): Promise<Model> {
  const queue = [...gradients];
  const next = (shape: number[]) => tf.tensor(queue.shift()!, shape);
  const weights = await buildWeights(model.architecture, ({ weight, bias }) => ({
    weight: next(weight),
    ...bias && { bias: next([weight[0]]) as tf.Tensor1D },
  }));
  return { ...model, weights };
}

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
    await withRandomModel(architecture, async (model) => {
      await withFolder(async (folder) => {
        const { loss, gradients } = lossAndGradients(model, batch, 2);
        await saveModel(model, `${folder}/parameters`, "F32");
        const gradientsAsModel = await gradientModel(model, gradients);
        await saveModel(gradientsAsModel, `${folder}/gradients`, "F32");
        disposeModel(gradientsAsModel);

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
  });
}

Deno.test("lossAndGradients() has a gradient for every parameter and keeps no tensors", async () => {
  for (const architecture of Object.values(tinyArchitectures)) {
    await withRandomModel(architecture, (model) => {
      const before = tf.memory().numTensors;
      const { gradients } = lossAndGradients(model, batch, 2);
      assertEquals(tf.memory().numTensors, before);
      assertEquals(
        gradients.map(({ length }) => length),
        parameters(model.weights).map(({ size }) => size),
      );
      assert(gradients.every((gradient) => gradient.some((slope) => slope !== 0)));
    });
  }
});
