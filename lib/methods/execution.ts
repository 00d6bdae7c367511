import type { ForwardOptions, Model } from "../model/mod.ts";
import type { Profile } from "../quant/mod.ts";
import { integerExecution, type IntegerOptions } from "./integer_execution.ts";
import { type Method, quantizedForward } from "./method.ts";
import type { Calibration } from "./weights.ts";

/** How linear maps are computed: from dequantized floats, or in integers. */
export const executions = ["emulate", "integer"] as const;

export type Execution = typeof executions[number];

/** How {@linkcode executeMethod} goes about it; `release` concerns integers alone. */
export interface ExecutionOptions extends IntegerOptions {
  execute: Execution;
}

/**
 * Calibrates a method's activation quantizers and makes its model ready to run.
 *
 * @param model Its weights quantized by {@linkcode quantizeWeights}.
 * @returns `model` itself, or one in integers that owns its weights, with the options of its passes.
 * @throws {InputError} As {@linkcode quantizedForward} and {@linkcode integerExecution}.
 */
export function executeMethod(
  model: Model,
  method: Method,
  profile: Profile,
  calibration: () => Calibration,
  { execute, ...options }: ExecutionOptions,
): { model: Model; forward: ForwardOptions } {
  if (execute === "integer") return integerExecution(model, method, profile, calibration, options);
  const forward = quantizedForward(model, method, profile, calibration, options.pruning);
  return { model, forward };
}
