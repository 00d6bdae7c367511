import { require } from "../core/mod.ts";
import { type AffineMatrix, affineMatrix, encodeFloats } from "../format/mod.ts";
import {
  dequantizeVectorwise,
  quantizeVectorwise,
  roundScale,
  roundToHalf,
  type ScaleDtype,
  scaleDtypes,
} from "../quant/mod.ts";
import { floatBits } from "./activation_bits.ts";
import { dynamicPass, inputSites, type Rounding } from "./dynamic_pass.ts";
import type { WeightMatrix } from "./linear_weights.ts";
import { integerCounts } from "./map_counts.ts";
import type { Method } from "./method.ts";
import { weightsPass } from "./weights_pass.ts";

/** The settings of LLM.int8(). */
export interface LlmInt8Settings {
  weights: {
    /** These three are what the method has: 8, "row" and true. */
    bits: number;
    groupSize: number | "row";
    symmetric: boolean;
    /** What scales are rounded to once codes are chosen; F32 unless given. */
    scaleDtype?: ScaleDtype;
  };
  activations: {
    /** 8. */
    bits: number;
    /** Columns of an input in which some `|x|` is as large stay in F16; with 0 none does. */
    threshold: number;
  };
}

const action = "quantize as LLM.int8()";

/**
 * LLM.int8() (Dettmers et al. 2022) as bitsandbytes computes it: rows of weights and the tokens that linear
 * maps read in eight bits, but for the columns in which some token of the window has an outlier. These stay
 * in F16 and meet the same weights, dequantized.
 */
export const llmInt8: Method<LlmInt8Settings> = {
  passes({ weights, activations }) {
    const fixed = { bits: 8, groupSize: "row", symmetric: true } as const;
    for (const [setting, value] of Object.entries(fixed)) {
      const own = weights[setting as keyof typeof fixed];
      require(own === value, action, `${setting} must be ${value}`, own);
    }
    require(activations.bits === 8, action, "bits must be 8", activations.bits);
    const { scaleDtype = "F32" } = weights;
    const isType = scaleDtypes.includes(scaleDtype);
    require(isType, action, `scaleDtype must be ${scaleDtypes.join(" or ")}`, scaleDtype);
    return [
      {
        ...weightsPass("LLM.int8()", weights, (each) => quantizeRows(each, scaleDtype)),
        leavesCodes: true,
      },
      dynamicPass(
        activations,
        inputSites,
        mixedPrecision(activations.threshold),
        mixedBits(activations.threshold),
      ),
    ];
  },
  optional: { weights: ["scaleDtype"] },
  label: () => ({ weight: "INT8", activation: "INT8, FP16" }),
  counts: ({ weights, activations }) =>
    activations.threshold === 0
      ? integerCounts(weights, activations)
      : { reason: "how many columns are outliers is found at run time" },
};

/** Eight bits, the columns of outliers in F16. */
export function mixedPrecision(threshold: number): Rounding {
  return (x, channels, name) => {
    const halves = roundToHalf(x, name);
    return dequantizeVectorwise(quantizeVectorwise(halves, channels, threshold, name), halves);
  };
}

/** Bits of an element on average: 16 in the columns of outliers, else eight. */
export function mixedBits(threshold: number): (x: Float32Array, channels: number) => number {
  return (x, channels) => {
    const { outlierColumns } = quantizeVectorwise(roundToHalf(x), channels, threshold);
    return 8 + (floatBits - 8) * outlierColumns.length / channels;
  };
}

/** Rows in eight bits. */
function quantizeRows(
  { values, rows, columns, name }: WeightMatrix,
  scaleDtype: ScaleDtype,
): AffineMatrix {
  const { codes, absmax } = quantizeVectorwise(roundToHalf(values, name), columns, 0, name);
  const scale = absmax.map((each) => roundScale(each / 127, scaleDtype));
  return affineMatrix({
    ...{ rows, columns, bits: 8, name },
    codes: Uint8Array.from(codes, (code) => code + 128),
    scale: encodeFloats(scale, scaleDtype),
    zeroPoint: new Uint8Array(rows).fill(128),
  });
}
