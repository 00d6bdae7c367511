import type { GptqOptions } from "../quant/mod.ts";
import { dynamicPass, inputSites, tokenAbsmax } from "./dynamic_pass.ts";
import { gptqPasses } from "./gptq.ts";
import { type LorcSettings, withLorc } from "./lorc.ts";
import { integerCounts } from "./map_counts.ts";
import type { Method } from "./method.ts";
import { rtnPass, type RtnSettings } from "./rtn.ts";

/** ZeroQuant-V2 (Yao et al. 2023): weights rounded to nearest in groups, with low-rank compensation. */
export const zeroQuantV2: Method<{ weights: RtnSettings & { lorc: LorcSettings } }> = {
  passes: ({ weights: { lorc, ...rounding } }) => withLorc([rtnPass(rounding)], lorc),
  optional: { weights: ["scaleDtype"] },
};

/** The settings of ZeroQuant-FP. */
export interface ZeroQuantFpSettings {
  /** Low-rank compensation follows where it has settings. */
  weights: GptqOptions & { lorc?: LorcSettings };
  /** By tokens: 2..8. */
  activations: { bits: number };
}

/**
 * What ZeroQuant-FP (Wu et al. 2023) measures its floating point against: integers, weights by GPTQ in
 * groups and the inputs of linear maps by tokens, symmetrically, as they come.
 */
export const zeroQuantFpIntegers: Method<ZeroQuantFpSettings> = {
  passes({ weights: { lorc, ...rounding }, activations }) {
    const rounded = gptqPasses(rounding);
    return [
      ...lorc ? withLorc(rounded, lorc) : rounded,
      dynamicPass(activations, inputSites, tokenAbsmax(activations.bits)),
    ];
  },
  optional: { weights: ["scaleDtype", "lorc"] },
  allocates: { activations: [3, 4, 5, 6, 8] },
  counts: ({ weights, activations }) => ({
    ...integerCounts(weights, activations),
    rank: weights.lorc?.rank,
  }),
};
