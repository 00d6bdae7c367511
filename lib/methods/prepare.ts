import { AffineMatrix } from "../format/mod.ts";
import type { Model } from "../model/mod.ts";
import { calibrate, type CalibrateOptions, unquantized } from "./calibrate.ts";
import {
  emulate,
  type Executed,
  type Execution,
  inIntegers,
  requireExecution,
} from "./execution.ts";
import { linearNames } from "./linear_weights.ts";
import type { ConfiguredMethod } from "./method.ts";
import type { Calibration, Pass } from "./pass.ts";
import { rehearse } from "./rehearse.ts";
import { type Versions, weightPasses } from "./versions.ts";

/** How {@linkcode prepareModel} goes about it. */
export interface PrepareOptions extends CalibrateOptions {
  /** How linear maps are computed; `emulate` unless given. */
  execute?: Execution;
  /** Where weights that several methods agree in are kept; each model is quantized anew without. */
  versions?: Versions;
}

/**
 * Makes a model ready to run as a method leaves it: calibrates, quantizes, and chooses how its linear maps
 * are computed.
 *
 * @param calibration Asked for the calibration windows only where the method looks at them.
 * @throws {InputError} As {@linkcode requireExecution} and {@linkcode calibrate} do.
 * @throws The signal's reason once it is aborted.
 */
export async function prepareModel(
  model: Model,
  method: ConfiguredMethod,
  calibration: () => Calibration,
  { execute = "emulate", versions, ...options }: PrepareOptions = {},
): Promise<Executed> {
  const storedCodes = execute === "integer" && await storesCodes(model);
  const pruned = options.pruning !== undefined;
  requireExecution(method, model.architecture, { execute, storedCodes, pruned });
  const passes = method.passes(model.architecture);
  rehearse(passes, model.architecture);
  const rewriting = weightPasses(passes);
  const others = passes.slice(rewriting.length);
  const make = (store = options.store) =>
    calibrate(unquantized(model), rewriting, calibration, { ...options, store });
  const isShared = rewriting.length > 0 && !(options.pruning && rewriting.some(isPruned));
  const weights = versions && isShared ? await versions.get(rewriting, make) : await make();
  const quantized = await calibrate(weights, others, calibration, options);
  const executed = execute === "integer" ? inIntegers : emulate;
  return executed(quantized, options.pruning);
}

/** Whether the linear maps of a model are integer codes, by its first block. */
async function storesCodes({ source }: Model): Promise<boolean> {
  const layer = await source.layer(0);
  return linearNames.every((name) => !layer[name] || layer[name].weight instanceof AffineMatrix);
}

/** Whether what a pass does depends on the pruning of the run, which versions do not know. */
function isPruned({ windows }: Pass): boolean {
  return windows === "activations";
}
