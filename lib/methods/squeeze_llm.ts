import { decodeMatrix } from "../format/mod.ts";
import { linearGroups } from "../model/mod.ts";
import {
  Magnitudes,
  rangeOfShare,
  requireSqueezeLlm,
  squeezeLlm,
  type SqueezeLlmOptions,
} from "../quant/mod.ts";
import { changeMatrices } from "./linear_weights.ts";
import type { Method } from "./method.ts";

/**
 * SqueezeLLM (Kim et al. 2023): codebooks for the rows of every linear map, by the Fisher information of the
 * model as it was.
 *
 * On purpose it differs from the authors' code: the range beyond which weights are kept for their magnitude is
 * found for every block by itself, so that each keeps the same share; there it is one for the model.
 */
export const squeezeLlmMethod: Method<{ weights: SqueezeLlmOptions }> = {
  passes: ({ weights }) => [{
    name: "SqueezeLLM",
    settings: weights,
    observes: Object.fromEntries(linearGroups.map(({ reads }) => [reads, "fisher"])),
    rewrite(layer, seen, { layer: index, onStep }) {
      const groups = linearGroups.map(({ reads, names }) => ({
        fisher: seen.fisher(reads),
        present: names.filter((name) => layer[name]),
      }));
      const names = groups.flatMap(({ present }) => present);
      const fisher = new Map(groups.flatMap((group) => [...group.fisher]));
      const { magnitudeShare = 0 } = weights;
      requireSqueezeLlm(weights, `${names[0]} of layer ${index}`);
      const magnitudes = new Map(
        magnitudeShare === 0
          ? []
          : names.map((name) => [name, new Magnitudes(decodeMatrix(layer[name]!.weight))]),
      );
      const range = rangeOfShare([...magnitudes.values()], magnitudeShare);
      return changeMatrices(layer, index, names, (matrix) => {
        const module = names[matrix.order];
        const threshold = magnitudes.get(module)?.threshold(range);
        const onRows = (share: number) => onStep((matrix.order + share) / matrix.count);
        return squeezeLlm(
          { ...matrix, values: matrix.values, fisher: fisher.get(module)!, threshold },
          weights,
          onRows,
        );
      });
    },
  }],
  optional: { weights: ["sensitiveShare", "magnitudeShare"] },
};
