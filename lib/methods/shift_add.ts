import { ShiftAddFactor, type ShiftAddOptions } from "../quant/mod.ts";
import { hessianPass } from "./hessian_pass.ts";
import type { Method } from "./method.ts";

/**
 * ShiftAddLLM (You et al. 2024) on every linear map of every block, calibrated on what the quantized blocks
 * before it give, the block itself as it was.
 */
export const shiftAddMethod: Method<{ weights: ShiftAddOptions }> = {
  passes: ({ weights }) => [
    hessianPass({
      name: "ShiftAddLLM",
      settings: weights,
      factor: (hessian, ...others) => new ShiftAddFactor(hessian, weights, ...others),
      quantize: (factor, { weight, name }, onStep) => factor.quantize(weight, name, onStep).weight,
    }),
  ],
  counts: ({ weights: { bits } }) => ({
    product: { "look up": bits / columnsTogether, "add float32": bits / columnsTogether },
  }),
  allocates: { weights: [2, 3, 4] },
};

/** Columns whose sums with signs are looked up together, as in the authors' kernel. */
const columnsTogether = 8;
