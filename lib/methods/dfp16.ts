import { makeAll, require } from "../core/mod.ts";
import { FixedMatrix, fixedMatrix } from "../format/mod.ts";
import { denseMapOf, fixedMap } from "../linear/mod.ts";
import type { MapMaker } from "../model/mod.ts";
import { quantizeDynamicFixed } from "../quant/mod.ts";
import type { Method } from "./method.ts";
import { weightsPass } from "./weights_pass.ts";

/** The settings of DFP16. */
export interface Dfp16Settings {
  /** 16, as of activations. */
  weights: { bits: number };
  activations: {
    bits: number;
    /** Products that are summed up in 32 bits before these sums become floats, a multiple of eight. */
    chain: number;
  };
}

/**
 * Dynamic fixed point (DFP16; Das et al. 2018): weights and what they meet in linear maps are 16-bit integers with one
 * exponent for each tensor, and products are summed up in 32 bits.
 */
export const dfp16: Method<Dfp16Settings> = {
  passes({ weights, activations }) {
    const { chain } = activations;
    const action = "quantize to dynamic fixed point";
    for (const { bits } of [weights, activations]) {
      require(bits === 16, action, "bits must be 16", bits);
    }
    const isChain = Number.isInteger(chain) && chain > 0 && chain % 8 === 0;
    require(isChain, action, "chain must be a positive multiple of 8", chain);
    const maps: MapMaker = ({ reads }, modules, layer) =>
      makeAll(
        modules,
        ({ weight, bias }) =>
          weight instanceof FixedMatrix
            ? fixedMap(weight, bias, chain, `${reads} of layer ${layer}`)
            : denseMapOf(weight, bias),
      );
    return [
      {
        ...weightsPass("DFP16", weights, ({ values, rows, columns, name }) => {
          const { codes, exponent } = quantizeDynamicFixed(values, name);
          return fixedMatrix(codes, exponent, rows, columns, name);
        }),
        settings: { weights, activations },
        remodel: (model) => ({ ...model, source: { ...model.source, maps } }),
      },
    ];
  },
  counts: ({ activations: { chain } }) => ({
    product: { "multiply int16": 1, "add int32": 1 },
    group: { columns: chain, counts: { "add float32": 1 } },
    output: { "add int8": 1 }, // of exponents
  }),
};
