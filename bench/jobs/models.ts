import type { Execution } from "../../experiments/result/bench_record.ts";
import { integerExecution, type Method, methodOf, quantizeWeights } from "../../lib/methods/mod.ts";
import {
  type Architecture,
  buildWeights,
  disposeModel,
  type ForwardOptions,
  type Model,
} from "../../lib/model/mod.ts";
import { tf } from "../../lib/tensor/mod.ts";
import { randomValues } from "./product.ts";

/** A model of random numbers. */
export async function randomModel(name: string, architecture: Architecture): Promise<Model> {
  const weights = await buildWeights(architecture, ({ weight, bias }) => {
    const size = weight.reduce((product, each) => product * each, 1);
    const values = weight.length === 1
      ? new Float32Array(size).fill(1)
      : randomValues(size).map((value) => 0.05 * value);
    const module = { weight: tf.tensor(values, weight) };
    return bias ? { ...module, bias: tf.zeros([weight[0]]) as tf.Tensor1D } : module;
  });
  return { name, architecture, weights };
}

/** Weights are rounded to nearest, which GPTQ's codes are as fast as; activations as in AgileQ. */
function methodFor(execution: Exclude<Execution, "FP32">): Method {
  const [bits, groupSize] = execution === "W8A8" ? [8, "row" as const] : [4, 128];
  return {
    ...methodOf(execution === "W4A4" ? "agileq-4" : "agileq-8"),
    weights: { kind: "rtn", options: { bits, groupSize, symmetric: false, range: "minmax" } },
  };
}

/** A model that is ready to run, and with which options. */
export interface Executed {
  model: Model;
  forward: ForwardOptions;
}

/** Takes over a model of floats and returns it in the form in which it computes. */
export async function execute(model: Model, execution: Execution): Promise<Executed> {
  if (execution === "FP32") return { model, forward: {} };
  const method = methodFor(execution);
  const window = randomIds(model, 64);
  const calibration = () => ({ weightWindows: [], activationWindows: [window] });
  const quantized = await quantizeWeights(model, method, calibration);
  disposeModel(model, quantized);
  const executed = await integerExecution(quantized, method, "paper", calibration);
  disposeModel(quantized, executed.model);
  return executed;
}

/** Token ids that look random and are the same in every run. */
export function randomIds({ architecture }: Model, count: number): Int32Array {
  const { vocabularySize } = architecture;
  return Int32Array.from({ length: count }, (_, i) => (i * 7919 + 13) % vocabularySize);
}
