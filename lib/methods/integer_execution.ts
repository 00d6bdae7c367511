import { require } from "../core/mod.ts";
import {
  disposeModel,
  type ForwardOptions,
  type LayerModuleName,
  type LayerWeights,
  linearGroups,
  type Model,
  type Module,
  type Pruning,
} from "../model/mod.ts";
import type { Profile, UniformParams } from "../quant/mod.ts";
import { type ActivationParams, quantizeActivations } from "./activations.ts";
import { calibrateMethod, type Method } from "./method.ts";
import { applyTogether, quantizedLinear } from "./quantized_linear.ts";
import { inputSites, isQuantized } from "./quantized_module.ts";
import type { ActivationScheme } from "./scheme.ts";
import type { Calibration } from "./weights.ts";

/** How {@linkcode integerExecution} goes about it. */
export interface IntegerOptions {
  /** Acts while calibrating as well. */
  pruning?: Pruning;
  /**
   * Frees the dequantized weights of the original, which is of no use then, block by block as their
   * codes are packed.
   */
  release?: boolean;
}

/**
 * Runs a method in integers: as {@linkcode quantizedForward}, but the linear maps of all blocks
 * multiply integers instead of dequantized floats. The two agree up to float32 rounding, which now
 * and then takes an activation to the next code of the following quantizer.
 *
 * @param model Its weights quantized by {@linkcode quantizeWeights}; the result shares its other tensors.
 * @returns A model whose weights are codes, to be freed with `disposeModel(result, model)`, and the
 *   options of its passes, which quantize the operands of the attention products: these stay floats.
 * @throws {InputError} If a linear map's weight or input is not quantized, the channels of an input
 *   have no common step (profile `released` has one per channel), or calibration fails.
 */
export function integerExecution(
  model: Model,
  method: Method,
  profile: Profile,
  calibration: () => Calibration,
  { pruning, release = false }: IntegerOptions = {},
): { model: Model; forward: ForwardOptions } {
  const { scheme, params } = calibrateMethod(model, method, profile, calibration, pruning);
  return {
    model: integerModel(model, params, release),
    forward: { ...quantizeActivations(withoutInputs(scheme), params), pruning },
  };
}

function integerModel(model: Model, params: ActivationParams, release: boolean): Model {
  const layers = model.weights.layers.map((layer) => ({ ...layer }));
  const integer: Model = { ...model, weights: { ...model.weights, layers } };
  try {
    layers.forEach((layer, index) => {
      linearGroups.forEach((group, order) => {
        const names = group.filter((name) => layer[name]); // gate, where the MLP is gated
        const site = inputSites[order];
        const packed = packGroup(layer, names, params[index][site], `${site} of layer ${index}`);
        if (release) names.forEach((name) => layer[name]!.weight.dispose());
        Object.assign(layer, packed);
      });
    });
  } catch (error) {
    disposeModel(integer, model);
    throw error;
  }
  return integer;
}

/** Linear maps of a block that read the same value, in integers. */
function packGroup(
  layer: LayerWeights,
  names: LayerModuleName[],
  params: UniformParams | undefined,
  input: string,
): LayerWeights {
  const modules = names.map((name) => {
    const module = layer[name]!;
    const action = `multiply ${name} by ${input} in integers`;
    require(isQuantized(module), action, "the weight must be quantized");
    require(params !== undefined, action, "the input must have a uniform quantizer");
    return module;
  });
  const maps = modules.map(({ codes, bias }) => quantizedLinear(codes, params!, bias, input));
  const applyGroup = applyTogether(maps, params!, input);
  return Object.fromEntries(maps.map(({ weight: { memory: weight }, bias, apply }, index) => [
    names[index],
    { weight, bias, apply, applyGroup } satisfies Module,
  ]));
}

/** The scheme without the inputs of linear maps, which these quantize themselves. */
function withoutInputs({ profile, sites }: ActivationScheme): ActivationScheme {
  const left = Object.entries(sites).filter(([site]) => !inputSites.some((each) => each === site));
  return { profile, sites: Object.fromEntries(left) };
}
