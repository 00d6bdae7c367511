import { assert, assertEquals, assertThrows } from "@std/assert";
import { InputError, mean } from "../../lib/core/mod.ts";
import { scoreWindow } from "../../lib/eval/mod.ts";
import {
  integerExecution,
  type Method,
  methods,
  quantizedForward,
  quantizeWeights,
} from "../../lib/methods/mod.ts";
import {
  blameNonFinite,
  disposeModel,
  forward,
  linearGroups,
  type Model,
  moduleOf,
  type ModuleShape,
  moduleShapes,
} from "../../lib/model/mod.ts";
import {
  linear,
  multipliesBytesNatively,
  tensorData,
  tf,
  useBackend,
} from "../../lib/tensor/mod.ts";
import { copyLayers, pruning, randomIds, tinyModels, withModel } from "../eval/tiny_models.ts";

const windows = [1, 2, 3].map((seed) => randomIds(40, seed));
const calibration = () => ({ weightWindows: windows, activationWindows: windows.slice(0, 2) });
const agileq8: Method = methods["agileq-8"];

/** The method with other weights than GPTQ's 4 bits. */
const rtn8: Method = {
  ...agileq8,
  weights: {
    kind: "rtn",
    options: { bits: 8, groupSize: 32, symmetric: false, range: "minmax" },
  },
};

/**
 * Runs a test on a model whose weights a method quantized, with a native library where there is one and
 * without.
 */
function withQuantized(
  name: typeof tinyModels[number],
  method: Method,
  test: (quantized: Model) => void,
): Promise<void> {
  return withModel(name, async (model) => {
    for (const native of [false, true]) {
      await useBackend("agile", { native });
      const quantized = await quantizeWeights(model, method, calibration);
      test(quantized);
      disposeModel(quantized, model);
    }
  });
}

/** The largest difference, relative to the largest magnitude. */
function difference(actual: tf.Tensor, expected: tf.Tensor): number {
  const [values, others] = [tensorData(actual), tensorData(expected)];
  const largest = others.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  return values.reduce((most, value, i) => Math.max(most, Math.abs(value - others[i])), 0) /
    largest;
}

for (const name of tinyModels) {
  for (
    const [title, method] of [
      ["GPTQ, 4 bits", agileq8],
      ["RTN, 8 bits", rtn8],
      ["AgileQ-4", methods["agileq-4"]],
      ["AgileQ-4/8", methods["agileq-4/8"]],
    ] as const
  ) {
    Deno.test(`integerExecution() computes every linear map within 2e-6: ${name}, ${title}`, () =>
      withQuantized(name, method, (quantized) => {
        const { model } = integerExecution(quantized, method, "paper", calibration);
        const emulated = copyLayers(quantized);
        let visits = 0;
        emulated.weights.layers.forEach((layer, index) => {
          for (const name of linearGroups.flat().filter((each) => layer[each])) {
            const { weight, bias } = layer[name]!;
            const { apply } = model.weights.layers[index][name]!;
            const compare = (value: tf.Tensor2D, lower?: Int32Array) => {
              const expected = linear(value, weight as tf.Tensor2D, bias);
              const error = difference(apply!(value, lower), expected);
              assert(error < 2e-6, `${name} of layer ${index} is off by ${error}`);
              visits++;
              return expected;
            };
            layer[name] = { weight, bias, apply: compare };
          }
        });
        const options = quantizedForward(quantized, method, "paper", calibration);
        forward(emulated, windows[2], options).hidden.dispose();
        assertEquals(visits, quantized.architecture.layers * (name === "llama" ? 7 : 6));
        disposeModel(model, quantized);
      }));

    Deno.test(`integerExecution() gives the emulated loss within 1e-3: ${name}, ${title}`, () =>
      withQuantized(name, method, (quantized) => {
        for (const prune of [undefined, pruning]) {
          const execution = integerExecution(quantized, method, "paper", calibration, {
            pruning: prune,
          });
          const emulated = quantizedForward(quantized, method, "paper", calibration, {
            pruning: prune,
          });
          const window = randomIds(40, 9);
          const expected = mean(scoreWindow(quantized, window, emulated).loss);
          const actual = mean(scoreWindow(execution.model, window, execution.forward).loss);
          assert(Math.abs(actual / expected - 1) < 1e-3, `${actual} instead of ${expected}`);
          disposeModel(execution.model, quantized);
        }
      }));
  }
}

Deno.test("integerExecution() packs lanes where no native library multiplies", () =>
  withQuantized("opt-pre", methods["agileq-4"], (quantized) => {
    const { model } = integerExecution(quantized, methods["agileq-4"], "paper", calibration);
    const { weight } = model.weights.layers[0].up!;
    const bytesPerWeight = 4 * weight.size /
      tf.util.sizeFromShape(quantized.weights.layers[0].up!.weight.shape);
    assertEquals(bytesPerWeight < 1, multipliesBytesNatively());
    disposeModel(model, quantized);
  }));

Deno.test("integerExecution() holds codes alone once it has released the dequantized weights", () =>
  withQuantized("opt-pre", agileq8, (quantized) => {
    const isBlockWeight = ({ layer, name }: ModuleShape) =>
      layer !== null && linearGroups.flat().some((each) => each === name);
    const shapes = moduleShapes(quantized.architecture).filter(isBlockWeight);
    const dequantized = shapes.map((shape) => moduleOf(quantized.weights, shape).weight);
    const { model, forward: options } = integerExecution(quantized, agileq8, "paper", calibration, {
      release: true,
    });
    assert(dequantized.every(({ isDisposed }) => isDisposed));
    const packed = shapes.map((shape) => moduleOf(model.weights, shape).weight);
    assert(packed.every(({ dtype, isDisposed }) => dtype === "int32" && !isDisposed));
    forward(model, windows[2], options).hidden.dispose();
    blameNonFinite("run", model, windows[2], options); // reads no codes as if they were numbers
    disposeModel(model, quantized);
  }));

Deno.test("integerExecution() leaves nothing behind when it refuses a later map", () =>
  withQuantized("llama", agileq8, (quantized) => {
    const { layers } = quantized.weights;
    const { weight, bias } = layers.at(-1)!.down!;
    const down = layers.at(-1)!.down!;
    layers.at(-1)!.down = { weight, bias };
    const before = tf.memory().numTensors;
    assertThrows(
      () => integerExecution(quantized, agileq8, "paper", calibration),
      InputError,
      `Cannot multiply down by mlp.hidden of layer ${layers.length - 1} in integers: ` +
        "the weight must be quantized",
    );
    assertEquals(tf.memory().numTensors, before);
    layers.at(-1)!.down = down;
  }));

Deno.test("integerExecution() refuses what has no integers to multiply", () =>
  withModel("llama", async (model) => {
    const execute = (quantized: Model, method: Method, profile: "paper" | "released" = "paper") =>
      integerExecution(quantized, method, profile, calibration);
    assertThrows(
      () => execute(model, methods.gptq4),
      InputError,
      'Cannot calibrate activations: the method must quantize them, got "GPTQ"',
    );
    assertThrows(
      () => execute(model, agileq8),
      InputError,
      "Cannot multiply query by attn.input of layer 0 in integers: the weight must be quantized",
    );
    const quantized = await quantizeWeights(model, methods.rtn4, calibration);
    const byte = { kind: "uniform", bits: 8, signed: false, granularity: "tensor" } as const;
    const partly: Method = {
      ...agileq8,
      activations: (profile) => ({ profile, sites: { "attn.input": byte } }),
    };
    assertThrows(
      () => execute(quantized, partly),
      InputError,
      "Cannot multiply output by attn.output of layer 0 in integers: " +
        "the input must have a uniform quantizer",
    );
    assertThrows(
      () => execute(quantized, agileq8, "released"),
      InputError,
      "Cannot multiply attn.input of layer 0 in integers: its steps must be one step times powers",
    );
    disposeModel(quantized, model);
  }));
