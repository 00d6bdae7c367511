import { refuse, require } from "../core/mod.ts";
import type { Architecture, ForwardOptions, Model } from "../model/mod.ts";
import type { Profile } from "../format/mod.ts";
import type { GptqOptions } from "../quant/mod.ts";
import { calibrateActivations, type CalibratedScheme, schemeForward } from "./activations.ts";
import { type ActivationScheme, agileQ4, agileQ48, agileQ8 } from "./scheme.ts";
import type { Calibration, RtnSettings, WeightScheme } from "./weights.ts";

/** One quantization method: what it does to weights, and to activations. */
export interface Method {
  /** As tables print it. */
  title: string;
  /** Bits of weights and activations, as tables print them. */
  weight: string;
  activation: string;
  /** Plain data: methods that agree in it can share one quantized model. */
  weights: WeightScheme;
  /** Which sites are quantized, and how; none without. */
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

/**
 * The share of tokens that AgileQ-4/8 computes in four bits. The released configuration ships it as 0
 * and the paper names none, so this one is ours.
 */
const lowPrecisionShare = 0.5;

/**
 * Every method by the name the command line knows it by.
 *
 * This is where an idea enters the tables: one entry makes a method that every tool and experiment
 * can run. For instance 8-bit activations with one range per tensor on GPTQ's weights:
 *
 * ```ts
 * import { type Method, methods } from "./lib/methods/mod.ts";
 *
 * const more: Record<string, Method> = {
 *   "w4a8": {
 *     ...methods.gptq4,
 *     title: "W4A8",
 *     activation: "INT8",
 *     activations: (profile) => {
 *       const int8 = { kind: "uniform", bits: 8, signed: false, granularity: "tensor" } as const;
 *       return { profile, sites: { "attn.input": int8, "mlp.input": int8 } };
 *     },
 *   },
 * };
 * console.log(Object.keys(more));
 * ```
 *
 * A new algorithm is one more kind: of {@linkcode WeightScheme} for weights, of `SiteQuantizer` for
 * activations. The compiler then points at the places that must know it.
 */
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
  "agileq-8-eq3": {
    title: "AgileQ-8, eq. 3 as printed",
    weight: "INT4",
    activation: "INT8",
    weights: { kind: "gptq", options: gptq4 },
    activations: (profile, architecture) => agileQ8(profile, architecture, "paper"),
  },
  "agileq-4": {
    title: "AgileQ-4",
    weight: "INT4",
    activation: "INT4",
    weights: { kind: "gptq", options: gptq4 },
    activations: agileQ4,
  },
  "agileq-4/8": {
    title: "AgileQ-4/8",
    weight: "INT4",
    activation: "INT4, INT8",
    weights: { kind: "gptq", options: gptq4 },
    activations: (profile, architecture) => agileQ48(profile, architecture, lowPrecisionShare),
  },
} satisfies Record<string, Method>;

/** The name of a method. */
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

/** Whether a method looks at calibration windows. */
export function needsCalibration({ weights, activations }: Method): boolean {
  return weights.kind === "gptq" || activations !== undefined;
}

/**
 * Calibrates a method's activation quantizers on a model whose weights are quantized already.
 *
 * @param calibration Asked for the calibration windows only where the method quantizes activations.
 * @param options.pruning Acts while calibrating as well.
 * @param options.signal Stops the work, as of {@linkcode calibrateActivations}.
 * @returns The options of its forward pass: the quantizing hook, if any, and the pruning.
 * @throws {InputError} As {@linkcode calibrateActivations}.
 */
export function quantizedForward(
  model: Model,
  method: Method,
  profile: Profile,
  calibration: () => Calibration,
  options: Pick<ForwardOptions, "pruning" | "signal"> = {},
): ForwardOptions {
  const { pruning } = options;
  if (!method.activations) return { pruning };
  const calibrated = calibrateMethod(model, method, profile, calibration, options);
  return { ...schemeForward(calibrated), pruning };
}

/** The activation scheme of a method that has one, and its parameters on a model. */
export function calibrateMethod(
  model: Model,
  { activations, title }: Method,
  profile: Profile,
  calibration: () => Calibration,
  options: Pick<ForwardOptions, "pruning" | "signal"> = {},
): CalibratedScheme {
  require(
    activations !== undefined,
    "calibrate activations",
    "the method must quantize them",
    title,
  );
  const scheme = activations(profile, model.architecture);
  const { activationWindows } = calibration();
  const { lower } = scheme;
  return {
    scheme,
    params: calibrateActivations(model, activationWindows, scheme, options),
    lower: lower && calibrateActivations(
      model,
      activationWindows,
      { profile, sites: lower.sites },
      { ...options, lower: lower.calibratedOn === "these" ? lower : undefined },
    ),
  };
}
