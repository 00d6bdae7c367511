import {
  type ClippedFormat,
  clippedGrid,
  fakeQuantizeUniform,
  type GptqOptions,
} from "../quant/mod.ts";
import { dynamicPass, inputSites, type Rounding } from "./dynamic_pass.ts";
import { gptqPasses } from "./gptq.ts";
import { integerCounts } from "./map_counts.ts";
import type { Method, MethodSettings } from "./method.ts";
import type { Pass } from "./pass.ts";
import { rotated } from "./rotate.ts";
import { rtnPass, type RtnSettings } from "./rtn.ts";

/** How QuaRot quantizes activations, as they come. */
export interface QuaRotActivations {
  /** Of the inputs of linear maps: symmetric, a step for each token. */
  bits: number;
  /** The part of their range that codes cover. */
  clip: number;
  /** Of keys, behind rotary positions, and values: over the range of each head of each token. */
  keyValueBits: number;
  keyValueClip: number;
}

/** Weights and activations without the rotation. */
type Settings<Weights extends MethodSettings["weights"]> = {
  weights: Weights;
  activations: QuaRotActivations;
};

/**
 * QuaRot's quantizers on a model as it is: the control. Groups of keys and values are heads, as those of 128
 * are in the models of the authors.
 */
export const quaRotUnrotated: Method<Settings<GptqOptions>> = quantizers(gptqPasses);

/** QuaRot (Ashkboos et al. 2024): a rotated model, GPTQ's weights, activations, keys and values in few bits. */
export const quaRot = rotated(quaRotUnrotated);

/** QuaRot with weights rounded to nearest. */
export const quaRotRtn = rotated(quantizers((weights: RtnSettings) => [rtnPass(weights)]));

function quantizers<Weights extends GptqOptions | RtnSettings>(
  weightPasses: (weights: Weights) => Pass[],
): Method<Settings<Weights>> {
  return {
    passes({ weights, activations }, { headDim }) {
      const { bits, clip, keyValueBits, keyValueClip } = activations;
      const ofToken = { bits, clip, symmetric: true, groupSize: "token" } as const;
      const ofHead = {
        bits: keyValueBits,
        clip: keyValueClip,
        symmetric: false,
        groupSize: headDim,
      };
      return [
        ...weightPasses(weights),
        dynamicPass(ofToken, inputSites, clippedRounding(ofToken)),
        dynamicPass(ofHead, ["attn.k", "attn.v"], clippedRounding(ofHead)),
      ];
    },
    optional: { weights: ["scaleDtype"] },
    counts: ({ weights, activations }) => integerCounts(weights, activations),
  };
}

/** Each group of channels of each token to a grid over a part of its range. */
export function clippedRounding(format: ClippedFormat): Rounding {
  return (x, channels, name) =>
    fakeQuantizeUniform(x, clippedGrid(x, channels, format, name), undefined, name);
}
