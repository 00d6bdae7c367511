import { typedMatrix } from "../format/mod.ts";
import { bitMod, type BitModOptions } from "../quant/mod.ts";
import type { Method } from "./method.ts";
import { weightsPass } from "./weights_pass.ts";

/** BitMoD (Chen et al. 2025) of every linear map of every block; activations stay as they are. */
export const bitModMethod: Method<{ weights: BitModOptions }> = {
  passes: ({ weights }) => [
    weightsPass(
      "BitMoD",
      weights,
      ({ values, rows, columns, name }) =>
        typedMatrix({ ...bitMod(values, columns, weights, name), rows, columns, name }),
    ),
  ],
  allocates: { weights: [3, 4] },
  label: ({ weights }) => ({ weight: `FP${weights.bits}`, activation: "FP16" }),
};
