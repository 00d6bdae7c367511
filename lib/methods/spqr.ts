import { sumMatrix } from "../format/mod.ts";
import { HessianFactor, spqr, type SpqrOptions } from "../quant/mod.ts";
import { hessianPass } from "./hessian_pass.ts";
import type { Method } from "./method.ts";

/**
 * SpQR (Dettmers et al. 2023) on every linear map of every block, calibrated on what the quantized blocks
 * before it give, the block itself as it was.
 */
export const spqrMethod: Method<{ weights: SpqrOptions }> = {
  passes: ({ weights }) => [
    hessianPass({
      name: "SpQR",
      settings: weights,
      factor: (hessian, ...others) => new HessianFactor(hessian, weights, ...others),
      quantize(factor, { weight, name }, onStep) {
        const { base, outliers } = spqr(factor, weight, weights, name, onStep);
        return sumMatrix(base, [outliers], name);
      },
    }),
  ],
  optional: { weights: ["leaveOneOut", "roundZeroPoint"] },
  allocates: { weights: [2, 3, 4] },
};
