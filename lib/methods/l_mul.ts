import { makeAll } from "../core/mod.ts";
import { lMulMap } from "../linear/mod.ts";
import type { MapMaker } from "../model/mod.ts";
import { lMulOffset } from "../quant/mod.ts";
import type { Method } from "./method.ts";

/** The numbers that L-Mul multiplies. */
export interface LMulSettings {
  /** A sign, eight bits of exponent and the mantissa: 10..31; 16 is BF16. */
  bits: number;
}

/**
 * L-Mul (Luo and Sun 2024) in all linear maps: mantissas are added where they would be multiplied. Weights and what
 * they meet are rounded to numbers of so many bits; weights stay stored as they are. Attention multiplies floats.
 */
export const lMulMethod: Method<{ activations: LMulSettings }> = {
  passes({ activations }) {
    const mantissaBits = activations.bits - 9;
    lMulOffset(mantissaBits); // refuses others
    const maps: MapMaker = (_group, modules) =>
      makeAll(modules, ({ weight, bias }) => lMulMap(weight, bias, mantissaBits));
    return [{
      name: "L-Mul",
      settings: activations,
      remodel: (model) => ({ ...model, source: { ...model.source, maps } }),
    }];
  },
  label({ activations: { bits } }) {
    const name = bits === 16 ? "BF16" : `E8M${bits - 9}`;
    return { weight: name, activation: name };
  },
};
