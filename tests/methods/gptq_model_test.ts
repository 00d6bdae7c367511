import { assert, assertEquals, assertRejects } from "@std/assert";
import { mean } from "../../lib/core/mod.ts";
import { decodeMatrix } from "../../lib/format/mod.ts";
import { gptqModel, quantizeWeights } from "../../lib/methods/mod.ts";
import {
  atSites,
  disposeModel,
  forward,
  type LayerModuleName,
  type Model,
  type SiteName,
} from "../../lib/model/mod.ts";
import { gptq, type GptqOptions } from "../../lib/quant/mod.ts";
import { tf } from "../../lib/tensor/mod.ts";
import { copyLayers, randomIds, tinyModels, withModel } from "../eval/tiny_models.ts";

const windows = [1, 2, 3, 4].map((seed) => randomIds(80, seed));
const options: GptqOptions = { bits: 3, groupSize: 32, actOrder: true, symmetric: false };

/** What every linear map reads, in the order in which GPTQ visits them. */
const readers: [LayerModuleName, SiteName][] = [
  ["query", "attn.input"],
  ["key", "attn.input"],
  ["value", "attn.input"],
  ["output", "attn.output"],
  ["gate", "mlp.input"],
  ["up", "mlp.input"],
  ["down", "mlp.hidden"],
];

/** The values of one site over all windows `[tokens, channels]`, from whole forward passes. */
function inputsOf(model: Model, layer: number, site: SiteName): Float32Array[] {
  const rows: Float32Array[] = [];
  const hook = atSites([site], (value, visit) => {
    if (visit.layer !== layer) return value;
    const [tokens, channels] = value.shape;
    const values = value.dataSync<"float32">();
    for (let t = 0; t < tokens; t++) rows.push(values.slice(t * channels, (t + 1) * channels));
    return value;
  });
  for (const window of windows) tf.dispose(forward(model, window, { hook }).hidden);
  return rows;
}

/** H = 2/n sum x x^T in float64, n the number of windows. */
function slowHessian(inputs: Float32Array[]): Float64Array {
  const channels = inputs[0].length;
  const hessian = new Float64Array(channels * channels);
  for (const x of inputs) {
    for (let i = 0; i < channels; i++) {
      for (let j = 0; j < channels; j++) {
        hessian[i * channels + j] += 2 / windows.length * x[i] * x[j];
      }
    }
  }
  return hessian;
}

/**
 * GPTQ map by map. What a map reads comes from the model whose maps before it, but for those that read
 * the same, are taken from `before`; without it everything is read from the original model.
 */
function slowGptq(model: Model, before?: Model): Model {
  const result = copyLayers(model);
  const reader = copyLayers(model);
  for (const [index, layer] of result.weights.layers.entries()) {
    let latest: { site: SiteName; hessian: Float64Array } | undefined;
    for (const [name, site] of readers) {
      const module = layer[name];
      if (!module) continue;
      if (latest?.site !== site) {
        latest = { site, hessian: slowHessian(inputsOf(reader, index, site)) };
      }
      const result = gptq(
        module.weight.dataSync<"float32">(),
        latest.hessian,
        options,
      );
      layer[name] = {
        ...module,
        weight: tf.tensor(decodeMatrix(result.weight), module.weight.shape),
      };
      if (before) reader.weights.layers[index][name] = before.weights.layers[index][name];
    }
  }
  return result;
}

/** The share of the weights of each map in which two models differ by more than rounding. */
function differences(a: Model, b: Model): number[] {
  return a.weights.layers.flatMap((layer, index) =>
    readers.filter(([name]) => layer[name]).map(([name]) => {
      const values = layer[name]!.weight.dataSync();
      const others = b.weights.layers[index][name]!.weight.dataSync();
      return values.filter((value, i) => Math.abs(value - others[i]) > 1e-4).length / values.length;
    })
  );
}

for (const name of tinyModels) {
  Deno.test(`gptqModel() calibrates every map on what the quantized maps before it give: ${name}`, () =>
    withModel(name, async (model) => {
      const quantized = await gptqModel(model, windows, options);
      const sequential = slowGptq(model, quantized);
      const oneShot = slowGptq(model);
      // Where a weight lies between two codes, the rounding of a product decides about its row.
      const most = Math.max(...differences(quantized, sequential));
      assert(most < 0.02, `${most} of a map differs`);
      const [first, ...later] = differences(quantized, oneShot);
      assert(first < 0.02, "the first map reads what the original gives");
      assert(mean(later.slice(2)) > 0.1, "the order makes no difference here");
      for (const other of [quantized, sequential, oneShot]) disposeModel(other, model);
    }));
}

/** The squared distance of a model's last hidden states from the original's over the windows. */
function outputError(model: Model, original: Model): number {
  return windows.reduce((sum, window) => {
    const hidden = [model, original].map((each) => forward(each, window).hidden);
    const [own, expected] = hidden.map((each) => each.dataSync<"float32">());
    tf.dispose(hidden);
    return own.reduce((part, value, i) => part + (value - expected[i]) ** 2, sum);
  }, 0);
}

for (const name of tinyModels) {
  Deno.test(`gptqModel() loses less of the output than rounding to nearest: ${name}`, () =>
    withModel(name, async (model) => {
      const quantized = await gptqModel(model, windows, options);
      const { bits, groupSize, symmetric } = options;
      const rounding = { bits, groupSize, symmetric, range: "minmax" as const };
      const unread = () => ({ weightWindows: [], activationWindows: [] });
      const rounded = await quantizeWeights(
        model,
        { weights: { kind: "rtn", options: rounding } },
        unread,
      );
      assert(outputError(quantized, model) < 0.7 * outputError(rounded, model));
      for (const other of [quantized, rounded]) disposeModel(other, model);
    }));
}

Deno.test("gptqModel() clears the columns of channels that ReLU never lets through", () =>
  withModel("opt-pre", async (model) => {
    const dead = new Set([0, 17, 255]);
    const mute = copyLayers(model);
    for (const layer of mute.weights.layers) {
      const values = layer.up!.bias!.dataSync<"float32">().map((value, i) =>
        dead.has(i) ? -1e3 : value
      );
      layer.up = { ...layer.up!, bias: tf.tensor1d(values) };
    }
    const quantized = await gptqModel(mute, windows, options);
    for (const { down } of quantized.weights.layers) {
      const [, columns] = down!.weight.shape;
      const values = down!.weight.dataSync<"float32">();
      const sums = new Float64Array(columns);
      values.forEach((value, i) => sums[i % columns] += Math.abs(value));
      const cleared = [...sums.keys()].filter((column) => sums[column] === 0);
      for (const column of dead) assert(cleared.includes(column));
      assert(cleared.length < columns / 4, "columns of living channels were cleared");
    }
    disposeModel(quantized, mute);
    disposeModel(mute, model);
  }));

Deno.test("gptqModel() reports blocks, how far each is, and stops when it is told to", () =>
  withModel("bloom", async (model) => {
    const calls: string[] = [];
    const progress = {
      start: (label: string, total: number) => calls.push(`${label}: ${total}`),
      update: (done: number) => calls.push(`${done}`),
      finish: () => calls.push("finished"),
    };
    const quantized = await gptqModel(model, windows.slice(0, 1), options, progress);
    const updates = calls.slice(1, -1).map(Number);
    assertEquals([calls[0], calls.at(-1)], ["GPTQ on bloom: 3", "finished"]);
    assertEquals(updates, updates.toSorted((a, b) => a - b));
    assertEquals(updates.filter(Number.isInteger), [0, 1, 1, 2, 2, 3]);
    for (const block of [0, 1, 2]) {
      const shares = updates.filter((each) => each > block && each < block + 1);
      assert(shares.length > 100, `${shares.length} updates within block ${block}`);
    }
    disposeModel(quantized, model);

    calls.length = 0;
    const controller = new AbortController();
    const update = () => controller.abort();
    const error = await assertRejects(() =>
      gptqModel(model, windows, options, { ...progress, update }, controller.signal)
    );
    assertEquals(error, controller.signal.reason);
    assertEquals(calls, ["GPTQ on bloom: 3"]);
  }));
