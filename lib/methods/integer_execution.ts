import { require } from "../core/mod.ts";
import { type ForwardOptions, type Model, type Pruning, withLinearWeights } from "../model/mod.ts";
import type { Profile } from "../quant/mod.ts";
import { type ActivationParams, quantizeActivations } from "./activations.ts";
import { calibrateMethod, type Method } from "./method.ts";
import { quantizedLinear } from "./quantized_linear.ts";
import { inputSite, inputSites, isQuantized } from "./quantized_module.ts";
import type { ActivationScheme } from "./scheme.ts";
import type { Calibration } from "./weights.ts";

/** A model and how to run it. */
export interface IntegerExecution {
  /** Computes the linear maps of its blocks in integers. Owns no tensor that the original does not. */
  model: Model;
  /** Quantizes the operands of the attention products, which stay in floating point. */
  forward: ForwardOptions;
}

/**
 * Runs a method in integers: as {@linkcode quantizedForward}, but the linear maps of all blocks
 * multiply integers instead of dequantized floats. The two agree up to float32 rounding, which now
 * and then takes an activation to the next code of the following quantizer.
 *
 * @param model Its weights quantized by {@linkcode quantizeWeights}; must outlive the result.
 * @param pruning Acts while calibrating as well.
 * @throws {InputError} If a linear map's weight or input is not quantized, the channels of an input
 *   have no common step (profile `released` has one per channel), or calibration fails.
 */
export async function integerExecution(
  model: Model,
  method: Method,
  profile: Profile,
  calibration: () => Calibration,
  pruning?: Pruning,
): Promise<IntegerExecution> {
  const { scheme, params } = calibrateMethod(model, method, profile, calibration, pruning);
  return {
    model: await integerModel(model, params),
    forward: { ...quantizeActivations(withoutInputs(scheme), params), pruning },
  };
}

function integerModel(model: Model, params: ActivationParams): Promise<Model> {
  return withLinearWeights(model, (module, layer, name) => {
    const action = `multiply ${name} of layer ${layer} in integers`;
    require(isQuantized(module), action, "its weight must be quantized");
    const site = inputSite(name);
    const input = params[layer][site];
    require(input !== undefined, action, `its input ${site} must have a uniform quantizer`);
    const { apply } = quantizedLinear(
      module.codes,
      input,
      module.bias,
      `${site} of layer ${layer}`,
    );
    return { ...module, apply };
  });
}

/** The scheme without the inputs of linear maps, which these quantize themselves. */
function withoutInputs({ profile, sites }: ActivationScheme): ActivationScheme {
  const left = Object.entries(sites).filter(([site]) => !inputSites.some((each) => each === site));
  return { profile, sites: Object.fromEntries(left) };
}
