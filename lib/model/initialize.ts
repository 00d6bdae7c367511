import { seededRandom } from "../core/mod.ts";
import { floatMatrix } from "../format/mod.ts";
import type { Architecture } from "./architecture.ts";
import type { Model } from "./model.ts";
import { residentSource } from "./source.ts";
import { buildWeights, matrixShape } from "./weights.ts";

/**
 * A model with random weights: norms one, biases zero, matrices normal with deviation 0.02,
 * the maps into the residual stream scaled down by sqrt(2 * layers) (GPT-2's initialisation).
 */
export async function initializeModel(
  name: string,
  architecture: Architecture,
  seed: number,
): Promise<Model> {
  const random = seededRandom(seed);
  const residualScale = 1 / Math.sqrt(2 * architecture.layers);
  const weights = await buildWeights(architecture, ({ name, weight, bias }) => {
    const isNorm = weight.length === 1;
    const deviation = 0.02 * (name === "output" || name === "down" ? residualScale : 1);
    const size = weight.reduce((product, each) => product * each, 1);
    const values = isNorm
      ? new Float32Array(size).fill(1)
      : Float32Array.from({ length: size }, () => deviation * random.normal());
    const module = { weight: floatMatrix("F32", values, ...matrixShape(weight)) };
    return bias ? { ...module, bias: new Float32Array(weight[0]) } : module;
  });
  return { name, architecture, source: residentSource(weights) };
}
