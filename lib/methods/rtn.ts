import { rtnOf, type RtnOptions } from "../quant/mod.ts";
import { changeMatrices, linearNames } from "./linear_weights.ts";
import type { Method } from "./method.ts";
import type { Pass } from "./pass.ts";

/** Round-to-nearest for matrices of any shape. */
export type RtnSettings = Omit<RtnOptions, "rows" | "columns">;

/** Rounds every linear map of every block to the nearest points of its grid: the baseline of GPTQ. */
export const rtnMethod: Method<{ weights: RtnSettings }> = {
  passes: ({ weights }) => [rtnPass(weights)],
  optional: { weights: ["scaleDtype"] },
  allocates: { weights: [2, 3, 4, 5, 6, 8] },
};

/** Round-to-nearest of all linear maps of a block. */
export function rtnPass(settings: RtnSettings): Pass {
  return {
    name: "RTN",
    settings,
    leavesCodes: true,
    rewrite: (layer, _seen, { layer: index, onStep }) =>
      changeMatrices(
        layer,
        index,
        linearNames,
        ({ weight, name, order, count }) =>
          rtnOf(weight, settings, name, (share) => onStep((order + share) / count)),
      ),
  };
}
