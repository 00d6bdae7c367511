import { refuse } from "../core/mod.ts";
import type { GptqOptions, ShiftAddOptions, SpqrOptions, SqueezeLlmOptions } from "../quant/mod.ts";
import { agileQ, type AgileQActivations } from "./agileq.ts";
import { awq } from "./awq.ts";
import { bipolarMethod } from "./bipolar.ts";
import { bitModMethod } from "./bitmod.ts";
import { crossQuant } from "./crossquant.ts";
import { dfp16 } from "./dfp16.ts";
import { floatFormats, type FloatSettings } from "./float_formats.ts";
import { gptqMethod } from "./gptq.ts";
import { keep } from "./keep.ts";
import { kivi } from "./kivi.ts";
import { lMulMethod } from "./l_mul.ts";
import { llmInt8 } from "./llm_int8.ts";
import type { LorcSettings } from "./lorc.ts";
import { matrixScaleMethod } from "./matrix_scale.ts";
import { comet } from "./comet.ts";
import { configure } from "./configure.ts";
import type { ConfiguredMethod } from "./method.ts";
import { mofq } from "./mofq.ts";
import { nupes } from "./nupes.ts";
import { quaRot, type QuaRotActivations, quaRotRtn, quaRotUnrotated } from "./quarot.ts";
import { rotated } from "./rotate.ts";
import { rtnMethod, type RtnSettings } from "./rtn.ts";
import { shiftAddMethod } from "./shift_add.ts";
import { smoothQuant } from "./smoothquant.ts";
import { spqrMethod } from "./spqr.ts";
import { squeezeLlmMethod } from "./squeeze_llm.ts";
import { zeroQuantFpIntegers, zeroQuantV2 } from "./zeroquant.ts";

/** Round to nearest, one range per output row: the baseline of GPTQ's tables. */
const rtn4: RtnSettings = { bits: 4, groupSize: "row", symmetric: false, range: "minmax" };

/** A step for each output row, by its largest weight. */
const absmax8: RtnSettings = { bits: 8, groupSize: "row", symmetric: true, range: "absmax" };

/** One for each group of 128. */
const absmaxGroups4: RtnSettings = { ...absmax8, bits: 4, groupSize: 128 };

/** The released code's settings of GPTQ. */
const gptq4: GptqOptions = {
  bits: 4,
  groupSize: 128,
  actOrder: true,
  symmetric: false,
  blockSize: 128,
  percdamp: 0.01,
};

/** The settings that the authors' code names for a near-lossless model of 4.6 bits; three bits make 3.9. */
const spqr4: SpqrOptions = {
  bits: 4,
  groupSize: 16,
  statisticsBits: 3,
  statisticsGroupSize: 16,
  outlierThreshold: 0.2,
  actOrder: true,
  percdamp: 1,
  floatDtype: "F16",
};

/** Codebooks alone; the authors also keep 0.05 % of the weights for their sensitivity, 0.4 % as outliers. */
const squeezeLlm4: SqueezeLlmOptions = { bits: 4, seed: 0, floatDtype: "F16" };

/** The settings of the authors' scripts, whose two variants differ in what has factors of its own. */
const shiftAdd3: ShiftAddOptions = {
  bits: 3,
  tiles: "columns",
  groupSize: "column",
  rounds: 50,
  powers: 3,
  rescale: true,
  actOrder: true,
  percdamp: 0.01,
  floatDtype: "F16",
};

/** E4M3, a scale for each row or token. */
const fp8: FloatSettings = { bits: 8, exponentBits: 4, groupSize: "row", scales: "absmax" };

const fp6: FloatSettings = { ...fp8, bits: 6, exponentBits: 2, groupSize: 128 };

const fp4: FloatSettings = { ...fp6, bits: 4 };

/** Blocks of OCP Microscaling. */
const blocks = { groupSize: 32, scales: "shared" } as const;

const mxfp8: FloatSettings = { ...fp8, ...blocks };

const mxfp6: FloatSettings = { ...fp6, ...blocks };

const mxfp4: FloatSettings = { ...fp4, ...blocks };

/** ZeroQuant-FP's weights. */
const zeroQuantFp4: FloatSettings = { ...fp4, groupSize: 256 };

/** NUPES: a scale for each output row, an exponent for each matrix. */
const nupes4 = { bits: 4, groupSize: "row", scales: "absmax" } as const;

/** ZeroQuant's rank and bits of factors. */
const lorc: LorcSettings = { rank: 8, bits: 8 };

/** ZeroQuant-FP's groups. */
const zeroQuantGptq: GptqOptions = { ...gptq4, groupSize: 256, actOrder: false };

const eightBits: AgileQActivations = { bits: 8, profile: "paper" };

/**
 * The share of tokens that AgileQ-4/8 computes in four bits. The released configuration ships it as 0
 * and the paper names none, so this one is ours.
 */
const lower = { share: 0.5, inherited: false };

const rotation = { seed: 0 };

const rotatedAgileQ = rotated(agileQ);

/** QuaRot's weights: a step for each output row, that of the least error. */
const absmax4 = { bits: 4, groupSize: "row", symmetric: true, range: "absmaxMse" } as const;

const absmaxGptq4: GptqOptions = { ...absmax4, actOrder: false, blockSize: 128, percdamp: 0.01 };

/** QuaRot's A4KV4. */
const clipped4: QuaRotActivations = { bits: 4, clip: 0.9, keyValueBits: 4, keyValueClip: 0.95 };

/** KIVI's groups of keys and values, and how many of the last tokens it leaves alone. */
const groups32 = { groupSize: 32, residual: 128 };

/**
 * Every method by the name the command line knows it by.
 *
 * This is where an idea enters the tables: one row makes a method that every tool and experiment can
 * run. `docs/add_a_method.md` adds one.
 */
export const methods = {
  "fp16": configure("FP16", keep, {}),
  "rtn4": configure("RTN", rtnMethod, { weights: rtn4 }),
  "gptq4": configure("GPTQ", gptqMethod, { weights: gptq4 }),
  "awq4": configure("AWQ", awq, { weights: { bits: 4, groupSize: 128 } }),
  "smoothquant": configure("SmoothQuant", smoothQuant, {
    weights: absmax8,
    activations: { bits: 8 },
  }),
  "spqr4": configure("SpQR", spqrMethod, { weights: spqr4 }),
  "spqr3": configure("SpQR, 3 bits", spqrMethod, { weights: { ...spqr4, bits: 3 } }),
  "llm-int8": configure("LLM.int8()", llmInt8, {
    weights: { bits: 8, groupSize: "row", symmetric: true },
    activations: { bits: 8, threshold: 6 },
  }),
  "quarot": configure("QuaRot", quaRot, {
    rotation,
    weights: absmaxGptq4,
    activations: clipped4,
  }),
  "quarot-rtn": configure("QuaRot, RTN", quaRotRtn, {
    rotation,
    weights: absmax4,
    activations: clipped4,
  }),
  "quarot-unrotated": configure("QuaRot without rotation", quaRotUnrotated, {
    weights: absmaxGptq4,
    activations: clipped4,
  }),
  "crossquant-w8a8": configure("CrossQuant W8A8", crossQuant, {
    weights: absmax8,
    activations: { bits: 8, alpha: 0.15 },
  }),
  "crossquant-w4a8": configure("CrossQuant W4A8", crossQuant, {
    weights: absmaxGroups4,
    activations: { bits: 8, alpha: 0.15 },
  }),
  "crossquant-w4a4": configure("CrossQuant W4A4", crossQuant, {
    weights: absmaxGroups4,
    activations: { bits: 4, alpha: 0.15 },
  }),
  "comet": configure("COMET", comet, {
    weights: { bits: 4, groupSize: 128 },
    activations: { bits: 4, outlierBits: 8, threshold: 4 },
  }),
  "squeezellm4": configure("SqueezeLLM", squeezeLlmMethod, { weights: squeezeLlm4 }),
  "squeezellm4-sparse": configure("SqueezeLLM, 0.45 % kept", squeezeLlmMethod, {
    weights: { ...squeezeLlm4, sensitiveShare: 0.0005, magnitudeShare: 0.004 },
  }),
  "kivi2": configure("KIVI-2", kivi, { activations: { ...groups32, bits: 2 } }),
  "kivi4": configure("KIVI-4", kivi, { activations: { ...groups32, bits: 4 } }),
  "shiftadd3-acc": configure("ShiftAddLLM (acc.)", shiftAddMethod, { weights: shiftAdd3 }),
  "shiftadd3-lat": configure("ShiftAddLLM (lat.)", shiftAddMethod, {
    weights: { ...shiftAdd3, tiles: "blocks", rescale: false },
  }),
  "fp8": configure("FP8 E4M3", floatFormats, { weights: fp8, activations: fp8 }),
  "fp8-e5m2": configure("FP8 E5M2", floatFormats, {
    weights: { ...fp8, exponentBits: 5 },
    activations: { ...fp8, exponentBits: 5 },
  }),
  "fp6": configure("FP6 E2M3", floatFormats, { weights: fp6, activations: fp8 }),
  "fp6-e3m2": configure("FP6 E3M2", floatFormats, {
    weights: { ...fp6, exponentBits: 3 },
    activations: fp8,
  }),
  "fp4": configure("FP4 E2M1", floatFormats, { weights: fp4, activations: fp8 }),
  "mxfp8": configure("MXFP8 E4M3", floatFormats, { weights: mxfp8, activations: mxfp8 }),
  "mxfp6": configure("MXFP6 E2M3", floatFormats, { weights: mxfp6, activations: mxfp6 }),
  "mxfp4": configure("MXFP4", floatFormats, { weights: mxfp4, activations: mxfp4 }),
  "zeroquant-fp-w8a8": configure("ZeroQuant-FP W8A8", floatFormats, {
    weights: { ...fp8, groupSize: 256 },
    activations: fp8,
  }),
  "zeroquant-fp-w4a8": configure("ZeroQuant-FP W4A8", floatFormats, {
    weights: zeroQuantFp4,
    activations: fp8,
  }),
  "zeroquant-fp-m1": configure("ZeroQuant-FP W4A8, M1", floatFormats, {
    weights: { ...zeroQuantFp4, scales: "powers" },
    activations: fp8,
  }),
  "zeroquant-fp-m2": configure("ZeroQuant-FP W4A8, M2", floatFormats, {
    weights: { ...zeroQuantFp4, scales: "powersOfLargest" },
    activations: fp8,
  }),
  "zeroquant-fp-m2-floor": configure("ZeroQuant-FP W4A8, M2 rounded down", floatFormats, {
    weights: { ...zeroQuantFp4, scales: "powersOfLargest", exponents: "floor" },
    activations: fp8,
  }),
  "zeroquant-v2": configure("ZeroQuant-V2", zeroQuantV2, {
    weights: { ...rtn4, groupSize: 128, lorc },
  }),
  "zeroquant-fp-int8": configure("ZeroQuant-FP, INT8/INT8", zeroQuantFpIntegers, {
    weights: { ...zeroQuantGptq, bits: 8 },
    activations: { bits: 8 },
  }),
  "zeroquant-fp-int4": configure("ZeroQuant-FP, INT4/INT8", zeroQuantFpIntegers, {
    weights: zeroQuantGptq,
    activations: { bits: 8 },
  }),
  "zeroquant-fp-lorc": configure("ZeroQuant-FP + LoRC, INT4/INT8", zeroQuantFpIntegers, {
    weights: { ...zeroQuantGptq, lorc },
    activations: { bits: 8 },
  }),
  "mofq8": configure("MoFQ8", mofq, {
    weights: fp8,
    activations: { bits: 8, exponentBits: 4 },
  }),
  "bitmod4": configure("BitMoD", bitModMethod, { weights: { bits: 4, groupSize: 128 } }),
  "bitmod3": configure("BitMoD, 3 bits", bitModMethod, { weights: { bits: 3, groupSize: 128 } }),
  "dfp16": configure("DFP16", dfp16, {
    weights: { bits: 16 },
    activations: { bits: 16, chain: 8 },
  }),
  "nupes4": configure("NUPES", nupes, { weights: nupes4 }),
  "nupes-w4a8": configure("NUPES W4A8", nupes, { weights: nupes4, activations: { bits: 8 } }),
  "bipolar4": configure("Bipolar INT4", bipolarMethod, {
    weights: { bits: 4, groupSize: 128, scales: "absmax" },
  }),
  "ternary": configure("Ternary weights", matrixScaleMethod, {
    weights: { bits: 2, scale: "mean" },
    activations: { bits: 8 },
  }),
  "fixed-point8": configure("QFX, weights in 8 bits", matrixScaleMethod, {
    weights: { bits: 8, scale: "binaryPoint" },
  }),
  "fixed-point8-activations": configure(
    "QFX, weights and activations in 8 bits",
    matrixScaleMethod,
    {
      weights: { bits: 8, scale: "binaryPoint" },
      activations: { bits: 8, scale: "binaryPoint" },
    },
  ),
  "l-mul": configure("L-Mul", lMulMethod, { activations: { bits: 16, products: "maps" } }),
  "l-mul-attention": configure("L-Mul in attention", lMulMethod, {
    activations: { bits: 16, products: "attention" },
  }),
  "l-mul-both": configure("L-Mul in maps and attention", lMulMethod, {
    activations: { bits: 16, products: "both" },
  }),
  "agileq-8": configure("AgileQ-8", agileQ, { weights: gptq4, activations: eightBits }),
  "agileq-8-activations": configure("AgileQ-8 activations", agileQ, { activations: eightBits }),
  "agileq-8-eq3": configure("AgileQ-8, eq. 3 as printed", agileQ, {
    weights: gptq4,
    activations: { ...eightBits, softmax: "paper" },
  }),
  "agileq-4": configure("AgileQ-4", agileQ, {
    weights: gptq4,
    activations: { ...eightBits, bits: 4 },
  }),
  "agileq-4/8": configure("AgileQ-4/8", agileQ, {
    weights: gptq4,
    activations: { ...eightBits, lower },
  }),
  "agileq-8-rotated": configure("AgileQ-8, rotated", rotatedAgileQ, {
    rotation,
    weights: gptq4,
    activations: eightBits,
  }),
  "agileq-4-rotated": configure("AgileQ-4, rotated", rotatedAgileQ, {
    rotation,
    weights: gptq4,
    activations: { ...eightBits, bits: 4 },
  }),
} satisfies Record<string, ConfiguredMethod>;

/** The name of a method. */
export type MethodName = keyof typeof methods;

/**
 * The method of that name.
 * @throws {InputError} If there is none.
 */
export function methodOf(name: string): ConfiguredMethod {
  if (!Object.hasOwn(methods, name)) {
    refuse("choose a method", `it must be ${Object.keys(methods).join(", ")}`, name);
  }
  return methods[name as MethodName];
}
