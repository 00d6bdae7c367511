import { linearGroups } from "../model/mod.ts";
import { GptqFactor, type GptqOptions, plainAlgebra } from "../quant/mod.ts";
import { wideAlgebra } from "../tensor/mod.ts";
import { quantizeGroup } from "./hessian_pass.ts";
import type { Method } from "./method.ts";
import type { Pass } from "./pass.ts";

/**
 * GPTQ on every linear map of every block, true-sequential: blocks in order, and in a block the
 * groups q/k/v, output, gate/up, down, each calibrated on what the already quantized part gives.
 * Embeddings, norms, biases and head stay as they are.
 */
export const gptqMethod: Method<{ weights: GptqOptions }> = {
  passes: ({ weights }) => gptqPasses(weights),
  optional: { weights: ["scaleDtype"] },
  allocates: { weights: [2, 3, 4, 5, 6, 8] },
};

/** A pass for each group of maps: every one costs a run of all windows up to what they read. */
export function gptqPasses(options: GptqOptions): Pass[] {
  return linearGroups.map((group) => ({
    name: "GPTQ",
    settings: { ...options, reads: group.reads },
    part: group.part,
    observes: { [group.reads]: "gram" },
    leavesCodes: true,
    rewrite: (layer, seen, at) =>
      quantizeGroup(layer, group, at, {
        factor: (name, onStep) =>
          new GptqFactor(
            seen.gram(group.reads),
            options,
            name,
            onStep,
            wideAlgebra() ?? plainAlgebra,
          ),
        quantize: (factor, { weight, name }, onStep) =>
          factor.quantize(weight, name, onStep).weight,
      }),
  }));
}
