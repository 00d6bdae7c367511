import { assertAlmostEquals } from "@std/assert";
import { absmaxMethod, configure, prepareModel } from "../../lib/methods/mod.ts";
import { forward, logits, openModel } from "../../lib/model/mod.ts";
import { tensorData, tf, tidy, tokenCrossEntropy } from "../../lib/tensor/mod.ts";
import { lossAndGradients, openTrainable } from "../../lib/train/mod.ts";
import { families, randomIds, randomModel } from "../model/tiny_models.ts";

for (const [name, architecture] of Object.entries(families)) {
  Deno.test(`absmaxMethod is what models are trained for: ${name}`, async () => {
    const model = await randomModel(architecture);
    const batch = { inputs: randomIds(12, 1), targets: randomIds(12, 2) };
    for (const bits of [{ weights: 4, activations: 4 }, { weights: 3, activations: 8 }]) {
      using trainable = await openTrainable(model, bits);
      const { loss } = lossAndGradients(trainable, batch, 1);
      const method = configure("absmax", absmaxMethod, {
        weights: { bits: bits.weights },
        activations: { bits: bits.activations },
      });
      const quantized = await prepareModel(model, method, () => {
        throw new Error("it is not calibrated");
      });
      using open = await openModel(quantized.model);
      const deployed = tidy(() => {
        const { hidden } = forward(open, batch.inputs, quantized.forward);
        return tensorData(tf.mean(tokenCrossEntropy(logits(open, hidden), batch.targets)))[0];
      });
      assertAlmostEquals(loss, deployed, 1e-6);
    }
  });
}
