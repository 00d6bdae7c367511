import type { Progress } from "../core/mod.ts";
import { type Model, withLinearWeights } from "../model/mod.ts";
import { type GptqOptions, rtn, type RtnOptions } from "../quant/mod.ts";
import { tensorData } from "../tensor/mod.ts";
import { gptqModel } from "./gptq_model.ts";
import { quantizedModule } from "./quantized_module.ts";

/** Round-to-nearest for matrices of any shape. */
export type RtnSettings = Omit<RtnOptions, "rows" | "columns">;

/** What is done to the linear maps of all blocks, as plain data. */
export type WeightScheme =
  | { kind: "keep" }
  | { kind: "rtn"; options: RtnSettings }
  | { kind: "gptq"; options: GptqOptions };

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
 * @param calibration Asked for the calibration windows only where the quantizer reads them.
 * @param signal Stops the work by throwing its reason, as of {@linkcode gptqModel}.
 * @returns A model that shares with `model` every tensor that stays as it was.
 * @throws {InputError} If a weight is not finite or GPTQ refuses a matrix or has no windows.
 */
export async function quantizeWeights(
  model: Model,
  { weights }: { weights: WeightScheme },
  calibration: () => Calibration,
  progress?: Progress,
  signal?: AbortSignal,
): Promise<Model> {
  switch (weights.kind) {
    case "keep":
      return model;
    case "rtn":
      return await rtnModel(model, weights.options, signal);
    case "gptq": {
      const { weightWindows } = calibration();
      return await gptqModel(model, weightWindows, weights.options, progress, signal);
    }
  }
}

/** Rounds every linear map of every block to the nearest points of its grid. */
function rtnModel(model: Model, options: RtnSettings, signal?: AbortSignal): Promise<Model> {
  return withLinearWeights(model, (module, layer, name) => {
    signal?.throwIfAborted();
    const [rows, columns] = module.weight.shape;
    const format = { ...options, rows, columns };
    const quantized = rtn(tensorData(module.weight), format, `${name} of layer ${layer}`);
    return quantizedModule(module, quantized);
  });
}
