import { type Progress, silent } from "../core/mod.ts";
import { disposeModel, linearGroups, type Model } from "../model/mod.ts";
import { gptq, type GptqOptions } from "../quant/mod.ts";
import { tensorData } from "../tensor/mod.ts";
import { inputHessian } from "./input_hessian.ts";
import { inputSites, quantizedModule } from "./quantized_module.ts";
import { advanceStreams, closeStreams, openStreams } from "./streams.ts";

/**
 * GPTQ on every linear map of every block, true-sequential: blocks in order, and in a block the
 * groups q/k/v, output, gate/up, down, each calibrated on what the already quantized part gives.
 * Embeddings, norms, biases and head stay as they are.
 *
 * Every group costs a pass of all windows through its block, as in the reference code (GPTQ,
 * llama.py); in memory are the residual streams of all windows and one Hessian.
 *
 * @param windows Calibration windows of token ids, at least one.
 * @param progress Of the layers, and within each.
 * @param signal Stops the work by throwing its reason: at once, if it knows without any event that it
 *   is aborted, else between two groups.
 * @returns A model that shares all other tensors with `model`.
 * @throws {InputError} If there are no windows, an activation is not finite or GPTQ refuses a matrix;
 *   the message names site, or matrix, and layer.
 */
export async function gptqModel(
  model: Model,
  windows: Int32Array[],
  options: GptqOptions,
  progress: Progress = silent,
  signal?: AbortSignal,
): Promise<Model> {
  const { weights } = model;
  const layers = weights.layers.map((layer) => ({ ...layer }));
  const quantized: Model = { ...model, weights: { ...weights, layers } };
  const streams = openStreams(model, windows);
  progress.start(`GPTQ on ${model.name}`, layers.length);
  try {
    for (const [index, layer] of layers.entries()) {
      for (const [order, group] of linearGroups.entries()) {
        await new Promise((resolve) => setTimeout(resolve)); // lets signals in
        const onStep = (share: number) => {
          signal?.throwIfAborted();
          progress.update(index + (order + share) / linearGroups.length);
        };
        const site = inputSites[order];
        const hessian = inputHessian(quantized, index, streams, site, (share) => onStep(share / 2));
        const names = group.filter((name) => layer[name]); // no gate where the MLP is not gated
        for (const [place, name] of names.entries()) {
          const module = layer[name]!;
          const matrix = `${name} of layer ${index}`;
          const onPart = (share: number) => onStep((1 + (place + share) / names.length) / 2);
          const result = gptq(tensorData(module.weight), hessian, options, matrix, onPart);
          layer[name] = quantizedModule(module, result.weight);
        }
      }
      advanceStreams(quantized, index, streams, { signal });
      progress.update(index + 1);
    }
  } catch (error) {
    disposeModel(quantized, model);
    throw error;
  } finally {
    closeStreams(streams);
  }
  progress.finish();
  return quantized;
}
