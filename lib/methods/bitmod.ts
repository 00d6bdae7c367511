import { typedMatrix } from "../format/mod.ts";
import { linearGroups } from "../model/mod.ts";
import { bitMod, type BitModOptions } from "../quant/mod.ts";
import { changeMatrices } from "./linear_weights.ts";
import type { Method } from "./method.ts";

/** BitMoD (Chen et al. 2025) of every linear map of every block; activations stay as they are. */
export const bitModMethod: Method<{ weights: BitModOptions }> = {
  passes: ({ weights }) => [{
    name: "BitMoD",
    settings: weights,
    rewrite: (layer, _seen, { layer: index, onStep }) =>
      changeMatrices(
        layer,
        index,
        linearGroups.flatMap(({ names }) => names),
        ({ values, rows, columns, name, order, count }) => {
          onStep(order / count);
          return typedMatrix({ ...bitMod(values, columns, weights, name), rows, columns, name });
        },
      ),
  }],
  label: ({ weights }) => ({ weight: `FP${weights.bits}`, activation: "FP16" }),
};
