import { pauses } from "../core/mod.ts";
import { linearGroups } from "../model/mod.ts";
import { scaleBlock } from "./awq_block.ts";
import { clipGroups, searchAwqClip } from "./awq_clip.ts";
import { type AwqSettings, quantizeAwq } from "./awq_weight.ts";
import { changeMatrices } from "./linear_weights.ts";
import type { Method } from "./method.ts";
import type { Pass } from "./pass.ts";

/**
 * AWQ (Lin et al. 2023) as mit-han-lab/llm-awq computes it. Columns of weights that meet large inputs are
 * scaled up before they are rounded, and what gives these inputs is scaled down; then every group of
 * weights is clipped and rounded. A block is calibrated on what the original ones before it give.
 *
 * On purpose it differs from that code:
 *
 * - Norms that follow the residual (opt-350m) are not scaled, for the next residual reads them too.
 * - Nor is what GELU gives (BLOOM), whose map `down` is clipped and rounded only; that code divides the
 *   activation in the finished model.
 * - BLOOM's queries, keys and values are judged by the attention and `up` by itself; that code runs the
 *   block on what is normed already. As in that code, where the three are one matrix, values are neither
 *   scaled for the output projection nor clipped.
 * - Calibration on fewer than 512 tokens looks at all of them, and a last group may be shorter.
 */
export const awq: Method<{ weights: AwqSettings }> = {
  passes: ({ weights }) => [awqPass(weights)],
  optional: { weights: ["scaleDtype"] },
};

/**
 * In memory are what the maps of a block read and, while a scale is searched, what they lead to or, of a single map,
 * the Gram matrix of what it reads; of tensors a block and one window.
 */
function awqPass(settings: AwqSettings): Pass {
  return {
    name: "AWQ",
    settings,
    observes: Object.fromEntries(linearGroups.map(({ reads }) => [reads, "values"])),
    carries: "original",
    leavesCodes: true,
    async rewrite(layer, seen, at) {
      const searching = 0.9; // of the work, about
      const onStep = (share: number) => at.onStep(searching * share);
      const { scaled, inputs } = await scaleBlock(layer, settings, seen, { ...at, onStep });
      const pause = pauses();
      const isBloom = at.architecture.family === "bloom";
      const whole = isBloom ? ["query", "key", "value"] : ["query", "key"];
      let rounded = scaled;
      for (const [order, [name, looked]] of [...inputs].entries()) {
        await pause();
        at.onStep(searching + (1 - searching) * order / inputs.size);
        rounded = changeMatrices(rounded, at.layer, [name], (matrix) => {
          const weight = { ...matrix, ...settings };
          if (whole.includes(name)) return quantizeAwq(weight);
          const values = clipGroups(weight, searchAwqClip(weight, looked));
          return quantizeAwq({ ...weight, values });
        });
      }
      return rounded;
    },
  };
}
