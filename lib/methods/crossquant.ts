import { type CrossOptions, dequantizeCross, quantizeCross } from "../quant/mod.ts";
import { dynamicPass, inputSites, type Rounding } from "./dynamic_pass.ts";
import { floatCounts, integerCounts } from "./map_counts.ts";
import type { Method } from "./method.ts";
import { rtnPass, type RtnSettings } from "./rtn.ts";

/**
 * CrossQuant (Liu et al. 2024), from the paper: what linear maps read is rounded with steps that follow
 * token and channel, so that fewer elements become 0; weights are rounded to nearest.
 *
 * What a channel reaches is taken at run time, over the tokens that are computed together, as the equation
 * reads; the paper names no calibration. A token so depends on those behind it in its window, and where
 * tokens come one by one on none but itself.
 */
export const crossQuant: Method<{ weights: RtnSettings; activations: CrossOptions }> = {
  passes: ({ weights, activations }) => [
    rtnPass(weights),
    dynamicPass(activations, inputSites, crossRounding(activations)),
  ],
  optional: { weights: ["scaleDtype"] },
  allocates: { activations: [3, 4, 5, 6, 8] },
  counts: ({ weights, activations }) =>
    activations.alpha === 1 ? integerCounts(weights, activations) : floatCounts,
};

/** Steps that follow token and channel. */
export function crossRounding(options: CrossOptions): Rounding {
  return (x, channels, name) => dequantizeCross(quantizeCross(x, channels, options, name));
}
