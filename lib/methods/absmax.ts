import { dynamicPass, inputSites, tokenAbsmax } from "./dynamic_pass.ts";
import type { Method } from "./method.ts";
import { rtnPass } from "./rtn.ts";

/** Bits of weights, and of what is multiplied with them and in attention. */
export interface AbsmaxSettings {
  weights: { bits: number };
  activations: { bits: number };
}

/**
 * What models are trained for by `lib/train`: weights rounded to nearest with a step for each output row; what linear
 * maps read, queries, keys and values with a step for each token. All steps are those of the largest magnitude.
 */
export const absmaxMethod: Method<AbsmaxSettings> = {
  passes: ({ weights: { bits }, activations }) => [
    rtnPass({ bits, groupSize: "row", symmetric: true, range: "absmax" }),
    dynamicPass(
      activations,
      [...inputSites, "attn.q", "attn.k", "attn.v"],
      tokenAbsmax(activations.bits),
    ),
  ],
};
