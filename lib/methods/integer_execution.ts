import { require } from "../core/mod.ts";
import type { Profile, UniformGrid } from "../format/mod.ts";
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
import { multipliesBytesNatively, type tf } from "../tensor/mod.ts";
import { type CalibratedScheme, quantizeActivations } from "./activations.ts";
import { applyInt4Together, hasFourBits, int4Weight } from "./int4_linear.ts";
import { calibrateMethod, type Method } from "./method.ts";
import { lowerRows, mapByImportance, type RowMap } from "./mixed_precision.ts";
import { applyTogether, quantizedLinear } from "./quantized_linear.ts";
import { inputSites, isQuantized, type QuantizedModule } from "./quantized_module.ts";
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
  /** Stops the work by throwing its reason, as of `calibrateActivations`. */
  signal?: AbortSignal;
}

/**
 * Runs a method in integers: as {@linkcode quantizedForward}, but the linear maps of all blocks
 * multiply integers instead of dequantized floats. Those with four bits on either side do so on the
 * lane-packed multiplier of fig. 5, but for machines where a native library multiplies bytes. The two
 * agree up to float32 rounding, which now and then takes an activation to the next code of the
 * following quantizer.
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
  { pruning, release = false, signal }: IntegerOptions = {},
): { model: Model; forward: ForwardOptions } {
  const calibrated = calibrateMethod(model, method, profile, calibration, { pruning, signal });
  const { scheme, params } = calibrated;
  return {
    model: integerModel(model, calibrated, release, signal),
    forward: {
      ...quantizeActivations(withoutInputs(scheme), params),
      ...{ pruning, lower: scheme.lower },
    },
  };
}

function integerModel(
  model: Model,
  { params, lower }: CalibratedScheme,
  release: boolean,
  signal?: AbortSignal,
): Model {
  const layers = model.weights.layers.map((layer) => ({ ...layer }));
  const integer: Model = { ...model, weights: { ...model.weights, layers } };
  try {
    layers.forEach((layer, index) => {
      linearGroups.forEach((group, order) => {
        signal?.throwIfAborted();
        const names = group.filter((name) => layer[name]); // gate, where the MLP is gated
        const site = inputSites[order];
        const packed = packGroup(layer, names, {
          params: params[index][site],
          lower: lower?.[index][site],
          name: `${site} of layer ${index}`,
        });
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

/** The quantizers of an input: of all tokens, or of the least important and the others. */
interface InputQuantizers {
  params?: UniformGrid;
  lower?: UniformGrid;
  name: string;
}

/** Linear maps of a block that read the same value, in integers. */
function packGroup(
  layer: LayerWeights,
  names: LayerModuleName[],
  { params, lower, name: input }: InputQuantizers,
): LayerWeights {
  const modules = names.map((name) => {
    const module = layer[name]!;
    const action = `multiply ${name} by ${input} in integers`;
    require(isQuantized(module), action, "the weight must be quantized");
    require(params !== undefined, action, "the input must have a uniform quantizer");
    return module;
  });
  const others = packMaps(modules, params!, input);
  const least = lower && packMaps(modules, lower, input);
  return Object.fromEntries(names.map((name, index) => {
    const { bias } = modules[index];
    const weight = others.memories[index];
    const apply = others.each[index];
    if (!least) return [name, { weight, bias, apply, applyGroup: others.together }];
    const mixed: Module = {
      ...{ weight, bias, memory: least.memories[index] },
      apply: (value, rows) => mapByImportance(value, lowerRows(rows), least.each[index], apply),
    };
    return [name, mixed];
  }));
}

/** Maps that read the same value, and what they hold. */
interface PackedMaps {
  memories: tf.Tensor1D[];
  each: RowMap[];
  together: (value: tf.Tensor2D) => tf.Tensor2D[];
}

/**
 * Maps in integers: on the lane-packed multiplier where weights and inputs have four bits, unless a
 * native library multiplies whole bytes, which is faster than packing lanes (`deno task bench int4`).
 */
function packMaps(modules: QuantizedModule[], params: UniformGrid, input: string): PackedMaps {
  if (!multipliesBytesNatively() && modules.every(({ codes }) => hasFourBits(codes, params))) {
    const maps = modules.map(({ codes, bias }) => ({
      weight: int4Weight(codes, params, input),
      bias,
    }));
    return joined(maps, (chosen) => applyInt4Together(chosen, params, input));
  }
  const maps = modules.map(({ codes, bias }) => quantizedLinear(codes, params, bias, input));
  return joined(maps, (chosen) => applyTogether(chosen, params, input));
}

function joined<Packed extends { weight: { memory: tf.Tensor1D } }>(
  maps: Packed[],
  apply: (maps: Packed[]) => PackedMaps["together"],
): PackedMaps {
  const alone = maps.map((map) => apply([map]));
  return {
    memories: maps.map(({ weight }) => weight.memory),
    each: alone.map((map): RowMap => (value) => map(value)[0]),
    together: apply(maps),
  };
}

/** The scheme without the inputs of linear maps, which these quantize themselves. */
function withoutInputs({ profile, sites }: ActivationScheme): ActivationScheme {
  const left = Object.entries(sites).filter(([site]) => !inputSites.some((each) => each === site));
  return { profile, sites: Object.fromEntries(left) };
}
