import { type Progress, silent } from "../core/mod.ts";
import {
  embedTokens,
  linearGroups,
  type Model,
  type Module,
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
 * Embeddings, norms and head stay as they are.
 *
 * @param windows Calibration windows of token ids.
 * @returns A model that shares all other tensors with `model`.
 */
export function gptqModel(
  model: Model,
  windows: Int32Array[],
  options: GptqOptions,
  progress: Progress = silent,
): Model {
  const { architecture, weights } = model;
  const quantized: Model = {
    ...model,
    weights: { ...weights, layers: weights.layers.map((layer) => ({ ...layer })) },
  };
  let states = windows.map((window) => tidy(() => embedTokens(model, window)));
  progress.start(`GPTQ on ${model.name}`, architecture.layers);
  quantized.weights.layers.forEach((layer, index) => {
    for (const [order, group] of linearGroups.entries()) {
      const present = group.filter((name) => layer[name]);
      const hessian = inputHessian(quantized, index, states, inputSites[order]);
      for (const name of present) {
        layer[name] = quantizeModule(layer[name]!, hessian, options);
      }
    }
    states = states.map((state) => advance(quantized, index, state));
    progress.update(index + 1);
  });
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
  const total = states.reduce<tf.Tensor | undefined>((sum, state) =>
    tidy(() => {
      let product!: tf.Tensor;
      runLayer(model, layer, state, {
        hook: (value, visit) => {
          if (visit.site === site) product = tf.matMul(value, value, true, false);
          return value;
        },
      });
      const next = sum ? tf.add(sum, product) : product;
      sum?.dispose();
      return next;
    }), undefined)!;
  const hessian = tensorData(total).map((value) => value * 2 / states.length);
  total.dispose();
  return hessian;
}

function quantizeModule(
  module: Module,
  hessian: Float32Array,
  options: GptqOptions,
): Module {
  const { dequantized } = gptq(tensorData(module.weight), hessian, options);
  return { ...module, weight: tf.tensor(dequantized, module.weight.shape) };
}

/** Runs one block and frees the state it came from. */
function advance(model: Model, layer: number, state: State): State {
  const next = tidy(() => runLayer(model, layer, state).state);
  state.hidden.dispose();
  return next;
}
