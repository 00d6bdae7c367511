import { makeAll, require } from "../core/mod.ts";
import { lMulMap, lMulProduct } from "../linear/mod.ts";
import type { BlockSource, MapMaker } from "../model/mod.ts";
import { floatBits } from "./activation_bits.ts";
import { floatCounts } from "./map_counts.ts";
import type { Method } from "./method.ts";

/** What multiplies by L-Mul: linear maps, the products of attention, or both. */
export const lMulPlaces = ["maps", "attention", "both"] as const;

/** The numbers that L-Mul multiplies, and where. */
export interface LMulSettings {
  /** A sign, eight bits of exponent and the mantissa: 10..31; 16 is BF16. */
  bits: number;
  products: typeof lMulPlaces[number];
}

/**
 * L-Mul (Luo and Sun 2024) in linear maps, in the scores and weighted values of attention, or in both: mantissas are
 * added where they would be multiplied. The operands are rounded to numbers of so many bits; weights stay stored as
 * they are.
 */
export const lMulMethod: Method<{ activations: LMulSettings }> = {
  passes({ activations }) {
    const { bits, products } = activations;
    const rule = `products must be ${lMulPlaces.join(" or ")}`;
    require(lMulPlaces.includes(products), "multiply by L-Mul", rule, products);
    const fits = Number.isInteger(bits) && bits >= 10 && bits <= 31;
    require(fits, "multiply by L-Mul", "bits must be an integer in 10..31", bits);
    const mantissaBits = bits - 9;
    const maps: MapMaker = (_group, modules) =>
      makeAll(modules, ({ weight, bias }) => lMulMap(weight, bias, mantissaBits));
    const changed: Pick<BlockSource, "maps" | "attentionProduct"> = {
      ...products !== "attention" && { maps },
      ...products !== "maps" && { attentionProduct: lMulProduct(mantissaBits) },
    };
    return [{
      name: "L-Mul",
      settings: activations,
      remodel: (model) => ({ ...model, source: { ...model.source, ...changed } }),
    }];
  },
  label({ activations: { bits, products } }) {
    const name = bits === 16 ? "BF16" : `E8M${bits - 9}`;
    return products === "attention"
      ? { weight: "FP16", activation: `attention ${name}` }
      : { weight: name, activation: name };
  },
  activationBits: ({ activations: { bits, products } }) =>
    products === "attention" ? floatBits : bits,
  counts: ({ activations: { bits, products } }) =>
    products === "attention"
      ? floatCounts
      // the numbers as they stand are added, and a constant to their sum: 2^-l less the exponent's bias
      : { product: { [`add int${bits}`]: 2, "add float32": 1 } },
};
