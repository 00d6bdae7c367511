import { linearGroups } from "../model/mod.ts";
import { GptqFactor, type GptqOptions, plainAlgebra } from "../quant/mod.ts";
import { wideAlgebra } from "../tensor/mod.ts";
import { changeMatrices } from "./linear_weights.ts";
import type { Method } from "./method.ts";
import type { Pass } from "./pass.ts";

/**
 * GPTQ on every linear map of every block, true-sequential: blocks in order, and in a block the
 * groups q/k/v, output, gate/up, down, each calibrated on what the already quantized part gives.
 * Embeddings, norms, biases and head stay as they are.
 */
export const gptqMethod: Method<{ weights: GptqOptions }> = {
  passes: ({ weights }) => gptqPasses(weights),
  optional: ["scaleDtype"],
};

/** A pass for each group of maps: every one costs a run of all windows up to what they read. */
export function gptqPasses(options: GptqOptions): Pass[] {
  return linearGroups.map(({ reads, part, names }) => ({
    name: "GPTQ",
    settings: { ...options, reads },
    part,
    observes: { [reads]: "gram" },
    leavesCodes: true,
    rewrite(layer, seen, { layer: index, onStep }) {
      const present = names.filter((name) => layer[name]);
      const onPart = (part: number, share: number) => onStep((part + share) / (present.length + 1));
      using factor = new GptqFactor(
        seen.gram(reads),
        options,
        `${present[0]} of layer ${index}`,
        (share) => onPart(0, share),
        wideAlgebra() ?? plainAlgebra,
      );
      return changeMatrices(
        layer,
        index,
        present,
        ({ weight, name, order }) =>
          factor.quantize(weight, name, (share) => onPart(1 + order, share)).weight,
      );
    },
  }));
}
