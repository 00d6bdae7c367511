import { require } from "../core/mod.ts";
import { tf } from "../tensor/mod.ts";
import type { Architecture } from "./architecture.ts";
import {
  buildWeights,
  linearGroups,
  type Module,
  moduleOf,
  moduleParameters,
  parameters,
  type Weights,
} from "./weights.ts";

/** A decoder with its parameters in memory. */
export interface Model {
  /** What to call it in tables and messages. */
  name: string;
  architecture: Architecture;
  weights: Weights;
  /** Sentences for whoever loaded it: what of its files is not used, or not as they say. */
  warnings?: readonly string[];
}

const linearNames = new Set<string>(linearGroups.flat());

/** @throws {InputError} If the model has been freed. */
export function requireLoaded({ name, weights }: Model, action: string): void {
  const loaded = !weights.outer.embedding!.weight.isDisposed;
  require(loaded, action, `${name} must not have been freed before: load it again`);
}

/**
 * A model whose block weights went through `change`; everything else is shared with `model`.
 * Weight methods quantize with it: `change` returns the module to use instead. If it throws, what it
 * had returned is freed.
 *
 * @throws {InputError} If the model has been freed.
 */
export async function withLinearWeights(
  model: Model,
  change: (module: Module, layer: number, name: string) => Module | Promise<Module>,
): Promise<Model> {
  requireLoaded(model, "change weights");
  const changed: Module[] = [];
  try {
    const weights = await buildWeights(model.architecture, async (shape) => {
      const module = moduleOf(model.weights, shape);
      if (shape.layer === null || !linearNames.has(shape.name)) return module;
      const other = await change(module, shape.layer, shape.name);
      changed.push(other);
      return other;
    });
    return { ...model, weights };
  } catch (error) {
    disposeTensors(changed.flatMap(moduleParameters), model);
    throw error;
  }
}

/**
 * Frees a model's tensors.
 *
 * @param shared A model that goes on living and owns some of the same tensors.
 */
export function disposeModel(model: Model, shared?: Model): void {
  disposeTensors(parameters(model.weights), shared);
}

function disposeTensors(tensors: tf.Tensor[], shared?: Model): void {
  const kept = new Set(shared ? parameters(shared.weights) : []);
  tf.dispose(tensors.filter((tensor) => !kept.has(tensor)));
}
