import { type AffineMatrix, affineMatrix } from "../format/mod.ts";
import { linearGroups, type SiteName } from "../model/mod.ts";
import {
  averageBits,
  type ChannelBlocks,
  channelBlocks,
  type ChannelBlocksOptions,
  dequantizeChannelBlocks,
  quantizeChannelBlocks,
  rtn,
  type ScaleDtype,
} from "../quant/mod.ts";
import { tensorData, tf } from "../tensor/mod.ts";
import { inputSites } from "./dynamic_pass.ts";
import { changeMatrices, type WeightMatrix } from "./linear_weights.ts";
import type { Method } from "./method.ts";
import type { Seen } from "./seen.ts";
import { nameOf, type SiteQuantizer } from "./site_quantizer.ts";

/** The settings of COMET. */
export interface CometSettings {
  weights: {
    /** 2..8. */
    bits: number;
    /** Columns that share a scale: the channels of a block of activations. */
    groupSize: number;
    /** What scales are rounded to before codes are chosen; F32 unless given. */
    scaleDtype?: ScaleDtype;
  };
  activations: Omit<ChannelBlocksOptions, "blockSize">;
}

/**
 * COMET's fine-grained mixed precision (FMPQ; Liu et al. 2025), from the paper: the channels that linear maps read are
 * put into blocks such that outliers share few of them; those have more bits than the others, and every token has a
 * step for each. Columns of weights go with their channels, a step for each row and block.
 */
export const comet: Method<CometSettings> = {
  passes({ weights, activations }) {
    const blocksAt = (seen: Seen, site: SiteName, name: string) => {
      const { min, max } = seen.range(site);
      const largest = max.map((most, channel) => Math.max(most, -min[channel]));
      return channelBlocks(largest, { ...activations, blockSize: weights.groupSize }, name);
    };
    return [{
      name: "FMPQ",
      settings: { weights, activations },
      windows: "activations",
      leavesCodes: true,
      observes: Object.fromEntries(inputSites.map((site) => [site, "channelRange"])),
      quantizes: Object.fromEntries(inputSites.map((site) => [site, "own steps"])),
      rewrite: (layer, seen, { layer: index, onStep }) =>
        linearGroups.reduce((changed, { reads, names }, place) => {
          onStep(place / linearGroups.length);
          const blocks = blocksAt(seen, reads, `${reads} of layer ${index}`);
          return changeMatrices(
            changed,
            index,
            names,
            (matrix) => roundByBlocks(matrix, blocks, weights),
          );
        }, layer),
      quantize: (seen, { layer }) =>
        Object.fromEntries(inputSites.map((site) => [
          site,
          blocksQuantizer(blocksAt(seen, site, `${site} of layer ${layer}`)),
        ])),
    }];
  },
  optional: { weights: ["scaleDtype"] },
  label: ({ weights, activations: { bits, outlierBits } }) => ({
    weight: `INT${weights.bits}`,
    activation: `INT${bits}, INT${outlierBits}`,
  }),
  counts: () => ({ reason: "which blocks have more bits is found by calibration" }),
};

/** Rounds weights to nearest, symmetrically, the columns of each block as a group. */
function roundByBlocks(
  { values, rows, columns, name }: WeightMatrix,
  { order, blockSize }: ChannelBlocks,
  { bits, scaleDtype }: CometSettings["weights"],
): AffineMatrix {
  const permuted = values.map((_, i) => values[i - i % columns + order[i % columns]]);
  const grid = { bits, groupSize: blockSize, symmetric: true, scaleDtype };
  const rounded = rtn(permuted, { rows, columns, ...grid, range: "absmax" }, name);
  const codes = new Uint8Array(values.length);
  const groupIndex = new Int32Array(columns);
  rounded.readCodes().forEach((code, i) => codes[i - i % columns + order[i % columns]] = code);
  order.forEach((column, place) => groupIndex[column] = Math.floor(place / blockSize));
  const { scale } = rounded;
  const zeroPoint = rounded.zeroPoints();
  return affineMatrix({ rows, columns, bits, codes, scale, zeroPoint, groupIndex, name });
}

function blocksQuantizer(blocks: ChannelBlocks): SiteQuantizer {
  const bits = averageBits(blocks);
  return {
    bitsOf: () => bits,
    apply(value, visit) {
      const quantized = quantizeChannelBlocks(tensorData(value), blocks, nameOf(visit));
      return tf.tensor(dequantizeChannelBlocks(quantized, blocks), value.shape);
    },
  };
}
