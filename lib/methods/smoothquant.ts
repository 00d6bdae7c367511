import { require } from "../core/mod.ts";
import { decodeMatrix } from "../format/mod.ts";
import { type Architecture, linearGroups, type StoredModule } from "../model/mod.ts";
import type { Range } from "../quant/mod.ts";
import { dynamicPass, inputSites, projectionSites, tokenAbsmax } from "./dynamic_pass.ts";
import { foldScale, normOf, requireFoldableNorms } from "./fold_scale.ts";
import { integerCounts } from "./map_counts.ts";
import type { Method } from "./method.ts";
import type { Pass } from "./pass.ts";
import { rtnPass, type RtnSettings } from "./rtn.ts";

/** How SmoothQuant quantizes activations. */
export interface SmoothQuantActivations {
  /** 2..8. */
  bits: number;
  /**
   * How much of the activations' range goes into the weights, 0..1. The authors take 0.5 for OPT and
   * BLOOM, 0.85 for LLaMA and 0.8 for Mistral, and so does each family unless told.
   */
  alpha?: number;
}

/**
 * SmoothQuant (Xiao et al. 2023) as mit-han-lab/smoothquant computes it: what activations that norms give
 * reach in each channel is shared with the columns of the weights that read them; then weights are rounded
 * by rows, and the inputs of all linear maps as well as queries, keys and values by tokens.
 *
 * Of a token, queries, keys and values have a step each in every family; where they are one matrix that code
 * has one for all (Falcon; of BLOOM it smooths the model and evaluates none).
 */
export const smoothQuant: Method<{ weights: RtnSettings; activations: SmoothQuantActivations }> = {
  passes({ weights, activations: { bits, alpha } }, architecture) {
    const sites = [...inputSites, ...projectionSites(architecture)];
    return [
      smoothingPass(alpha ?? alphaOf(architecture), architecture),
      rtnPass(weights),
      dynamicPass({ bits }, sites, tokenAbsmax(bits)),
    ];
  },
  optional: { weights: ["scaleDtype"], activations: ["alpha"] },
  allocates: { activations: [3, 4, 5, 6, 8] },
  counts: ({ weights, activations }) => integerCounts(weights, activations),
};

/** By the examples of the authors' repository; families that it does not have take LLaMA's. */
function alphaOf({ family }: Architecture): number {
  if (family === "opt" || family === "bloom") return 0.5;
  return family === "mistral" ? 0.8 : 0.85;
}

/**
 * Divides what the norms of a block give by a scale of each channel and multiplies the columns of the maps
 * that read it: the block computes the same. Scales come of what the original blocks give.
 *
 * @param alpha 0..1.
 * @throws {InputError} If alpha is out of range or norms give values to others than these maps.
 */
export function smoothingPass(alpha: number, architecture: Architecture): Pass {
  const action = "smooth a model";
  const isShare = typeof alpha === "number" && alpha >= 0 && alpha <= 1;
  require(isShare, action, "alpha must be in 0..1", alpha);
  requireFoldableNorms(architecture, action);
  const groups = linearGroups.filter(({ reads }) => normOf[reads]);
  return {
    name: "smoothing",
    settings: { alpha },
    observes: Object.fromEntries(groups.map(({ reads }) => [reads, "channelRange"])),
    carries: "original",
    rewrite: (layer, seen, { layer: index }) =>
      groups.reduce((changed, { reads, names }) => {
        const readers = names.flatMap((name) => layer[name] ?? []);
        const scale = smoothingScale(magnitudes(seen.range(reads)), readers, alpha);
        return foldScale(changed, index, normOf[reads]!, names, scale);
      }, layer),
  };
}

/** The least that weights are taken to reach, and the least scale. */
const floor = Math.fround(1e-5);

/**
 * `a^alpha / w^(1 - alpha)` of every channel, in float32: a being the largest `|x|` that calibration saw and w the
 * largest `|weight|` in its columns, of all the maps that read it (smooth.py).
 *
 * @param reached a, `[channels]`.
 */
export function smoothingScale(
  reached: Float32Array,
  readers: readonly StoredModule[],
  alpha: number,
): Float32Array {
  const channels = reached.length;
  const largest = new Float32Array(channels).fill(floor);
  for (const { weight } of readers) {
    const values = decodeMatrix(weight);
    for (let i = 0; i < values.length; i++) {
      const channel = i % channels;
      largest[channel] = Math.max(largest[channel], Math.abs(values[i]));
    }
  }
  return reached.map((each, channel) => {
    const ratio = Math.fround(each ** alpha) / Math.fround(largest[channel] ** (1 - alpha));
    return Math.max(ratio, floor);
  });
}

function magnitudes({ min, max }: Range): Float32Array {
  return max.map((each, channel) => Math.max(each, -min[channel]));
}
