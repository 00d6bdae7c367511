import { type Progress, require, silent } from "../core/mod.ts";
import {
  embedTokens,
  linearGroups,
  type Model,
  runLayer,
  type SiteName,
  type State,
} from "../model/mod.ts";
import { gptq, type GptqOptions } from "../quant/mod.ts";
import { tensorData, tf, tidy } from "../tensor/mod.ts";

/** Where each of the {@linkcode linearGroups} reads its input. */
const inputSites: SiteName[] = ["attn.input", "attn.output", "mlp.input", "mlp.hidden"];

/**
 * GPTQ on every linear map of every block, true-sequential: blocks in order, and in a block the
 * groups q/k/v, output, gate/up, down, each calibrated on what the already quantized part gives.
 * Embeddings, norms, biases and head stay as they are.
 *
 * Every group costs a pass of all windows through its block, as in the reference code (GPTQ,
 * llama.py); in memory are the residual streams of all windows and one Hessian.
 *
 * @param windows Calibration windows of token ids, at least one.
 * @param signal Stops between two groups by throwing its reason.
 * @returns A model that shares all other tensors with `model`.
 * @throws {InputError} If there are no windows or GPTQ refuses a matrix.
 */
export async function gptqModel(
  model: Model,
  windows: Int32Array[],
  options: GptqOptions,
  progress: Progress = silent,
  signal?: AbortSignal,
): Promise<Model> {
  const { architecture, weights } = model;
  require(windows.length > 0, `quantize ${model.name}`, "there must be at least one window");
  const quantized: Model = {
    ...model,
    weights: { ...weights, layers: weights.layers.map((layer) => ({ ...layer })) },
  };
  let states = windows.map((window) => tidy(() => embedTokens(model, window)));
  progress.start(`GPTQ on ${model.name}`, architecture.layers);
  for (const [index, layer] of quantized.weights.layers.entries()) {
    for (const [order, group] of linearGroups.entries()) {
      await new Promise((resolve) => setTimeout(resolve)); // lets signals in
      signal?.throwIfAborted();
      const hessian = inputHessian(quantized, index, states, inputSites[order]);
      for (const name of group) {
        const module = layer[name];
        if (!module) continue;
        const { dequantized } = gptq(tensorData(module.weight), hessian, options);
        layer[name] = { ...module, weight: tf.tensor(dequantized, module.weight.shape) };
      }
    }
    states = states.map((state) => advance(quantized, index, state));
    progress.update(index + 1);
  }
  tf.dispose(states.map((state) => state.hidden));
  progress.finish();
  return quantized;
}

/** H = 2/n sum x x^T over the inputs of a site, n the number of windows (GPTQ, add_batch). */
function inputHessian(
  model: Model,
  layer: number,
  states: State[],
  site: SiteName,
): Float32Array {
  const [first, ...rest] = states;
  let total = siteGram(model, layer, first, site);
  for (const state of rest) {
    const next = tidy(() => tf.add(total, siteGram(model, layer, state, site)));
    total.dispose();
    total = next;
  }
  const hessian = tensorData(total).map((value) => value * 2 / states.length);
  total.dispose();
  return hessian;
}

/** The sum of x x^T over what a site gives for one window, `[channels, channels]`. */
function siteGram(model: Model, layer: number, state: State, site: SiteName): tf.Tensor {
  return tidy(() => {
    let gram!: tf.Tensor;
    runLayer(model, layer, state, {
      hook: (value, visit) => {
        if (visit.site === site) gram = tf.matMul(value, value, true, false);
        return value;
      },
    });
    return gram;
  });
}

/** Runs one block and frees the state it came from. */
function advance(model: Model, layer: number, state: State): State {
  const next = tidy(() => runLayer(model, layer, state).state);
  state.hidden.dispose();
  return next;
}
