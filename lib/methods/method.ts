import { type Progress, refuse } from "../core/mod.ts";
import {
  type Architecture,
  type ForwardOptions,
  type Model,
  type Pruning,
  withLinearWeights,
} from "../model/mod.ts";
import { type GptqOptions, type Profile, rtn, type RtnOptions } from "../quant/mod.ts";
import { tensorData, tf } from "../tensor/mod.ts";
import { calibrateActivations, quantizeActivations } from "./activations.ts";
import { gptqModel } from "./gptq_model.ts";
import { type ActivationScheme, agileQ8 } from "./scheme.ts";

/** Round-to-nearest for matrices of any shape. */
export type RtnSettings = Omit<RtnOptions, "rows" | "columns">;

/** One quantization method: what it does to weights, and to activations. */
export interface Method {
  /** As tables print it. */
  title: string;
  /** Bits of weights and activations, as tables print them. */
  weight: string;
  activation: string;
  weights:
    | { kind: "keep" }
    | { kind: "rtn"; options: RtnSettings }
    | { kind: "gptq"; options: GptqOptions };
  activations?: (profile: Profile, architecture: Architecture) => ActivationScheme;
}

/** Round to nearest, one range per output row: the baseline of GPTQ's tables. */
const rtn4: RtnSettings = { bits: 4, groupSize: "row", symmetric: false, range: "minmax" };

/** The released code's settings of GPTQ. */
const gptq4: GptqOptions = {
  bits: 4,
  groupSize: 128,
  actOrder: true,
  symmetric: false,
  blockSize: 128,
  percdamp: 0.01,
};

/** Every method by the name the command line knows it by. */
export const methods = {
  "fp16": { title: "FP16", weight: "FP16", activation: "FP16", weights: { kind: "keep" } },
  "rtn4": {
    title: "RTN",
    weight: "INT4",
    activation: "FP16",
    weights: { kind: "rtn", options: rtn4 },
  },
  "gptq4": {
    title: "GPTQ",
    weight: "INT4",
    activation: "FP16",
    weights: { kind: "gptq", options: gptq4 },
  },
  "agileq-8": {
    title: "AgileQ-8",
    weight: "INT4",
    activation: "INT8",
    weights: { kind: "gptq", options: gptq4 },
    activations: agileQ8,
  },
} satisfies Record<string, Method>;

export type MethodName = keyof typeof methods;

/**
 * The method of that name.
 * @throws {InputError} If there is none.
 */
export function methodOf(name: string): Method {
  if (!Object.hasOwn(methods, name)) {
    refuse("choose a method", `it must be ${Object.keys(methods).join(", ")}`, name);
  }
  return methods[name as MethodName];
}

/** What calibration reads. */
export interface Calibration {
  /** For GPTQ's Hessians. */
  weightWindows: Int32Array[];
  /** For the ranges of activations; the released code takes ten. */
  activationWindows: Int32Array[];
}

/**
 * Applies a method's weight quantizer.
 *
 * @returns A model that shares with `model` every tensor that stays as it was.
 */
export async function quantizeWeights(
  model: Model,
  { weights }: Method,
  calibration: () => Calibration,
  progress?: Progress,
): Promise<Model> {
  if (weights.kind === "keep") return model;
  if (weights.kind === "gptq") {
    return gptqModel(model, calibration().weightWindows, weights.options, progress);
  }
  return await withLinearWeights(model, (module) => {
    const [rows, columns] = module.weight.shape;
    const { dequantized } = rtn(tensorData(module.weight), { ...weights.options, rows, columns });
    return { ...module, weight: tf.tensor(dequantized, [rows, columns]) };
  });
}

/**
 * Calibrates a method's activation quantizers on a model whose weights are quantized already.
 *
 * @returns The options of its forward pass: the quantizing hook, if any, and the pruning.
 */
export function quantizedForward(
  model: Model,
  method: Method,
  profile: Profile,
  calibration: () => Calibration,
  pruning?: Pruning,
): ForwardOptions {
  if (!method.activations) return { pruning };
  const scheme = method.activations(profile, model.architecture);
  const params = calibrateActivations(model, calibration().activationWindows, scheme, pruning);
  return { hook: quantizeActivations(scheme, params), pruning };
}
