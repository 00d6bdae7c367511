import { require } from "../core/mod.ts";
import type { Architecture, ForwardOptions, Model } from "../model/mod.ts";
import type { Profile } from "../format/mod.ts";
import { integerExecution, type IntegerOptions } from "./integer_execution.ts";
import { type Method, quantizedForward } from "./method.ts";
import { inputSites } from "./quantized_module.ts";
import type { ActivationScheme } from "./scheme.ts";
import type { Calibration } from "./weights.ts";

/** How linear maps are computed: from dequantized floats, or in integers. */
export const executions = ["emulate", "integer"] as const;

export type Execution = typeof executions[number];

/** How {@linkcode executeMethod} goes about it; `release` concerns integers alone. */
export interface ExecutionOptions extends IntegerOptions {
  execute: Execution;
}

/**
 * Refuses what {@linkcode executeMethod}, or the first pass of its model, would refuse whatever the
 * weights and the calibration. To be asked before the work of quantizing begins.
 *
 * @param use.cached Whether tokens come one at a time and meet those before them in a cache.
 * @throws {InputError} If the method goes by the importance of tokens, which next to a cache have
 *   none, or in integers: if it leaves weights or an input of a linear map as they are, or gives the
 *   channels of one steps that have nothing in common.
 */
export function requireExecution(
  { weights, activations, title }: Method,
  profile: Profile,
  architecture: Architecture,
  { execute, cached = false }: { execute: Execution; cached?: boolean },
): void {
  const scheme = activations?.(profile, architecture);
  const generates = `generate with ${title}`;
  const scores = "its quantizers must be the same for every token: a cache knows no importance";
  require(!cached || !scheme?.lower, generates, scores);
  if (execute === "emulate") return;
  const action = `execute ${title} in integers`;
  require(weights.kind !== "keep", action, "it must quantize weights");
  require(scheme !== undefined, action, "it must quantize activations");
  for (const sites of [scheme.sites, scheme.lower?.sites ?? {}] as ActivationScheme["sites"][]) {
    for (const site of inputSites) {
      const quantizer = sites[site] ?? scheme.sites[site];
      require(quantizer !== undefined, action, `it must quantize ${site}`);
      const shares = quantizer.kind === "trip" ||
        quantizer.kind === "uniform" && quantizer.granularity === "tensor";
      const rule = `the channels of ${site} must share a step, as in profile paper`;
      require(shares, action, rule, profile);
    }
  }
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
  const forward = quantizedForward(model, method, profile, calibration, options);
  return { model, forward };
}
