import { agileQ8, integerExecution, type Method, quantizeWeights } from "../../lib/methods/mod.ts";
import {
  type Architecture,
  buildWeights,
  disposeModel,
  type ForwardOptions,
  type Model,
} from "../../lib/model/mod.ts";
import { tf } from "../../lib/tensor/mod.ts";
import { randomValues } from "./product.ts";

const decoder = {
  normEpsilon: 1e-5,
  normPlacement: "before",
  embeddingNorm: false,
  finalNorm: true,
  startToken: null,
  startsEveryWindow: false,
} as const;

function opt(hiddenSize: number, layers: number, heads: number): Architecture {
  return {
    ...decoder,
    family: "opt",
    layers,
    hiddenSize,
    embeddingSize: hiddenSize,
    intermediateSize: 4 * hiddenSize,
    heads,
    keyValueHeads: heads,
    headDim: hiddenSize / heads,
    vocabularySize: 50272,
    maxPositions: 4096,
    norm: "layer",
    activation: "relu",
    gated: false,
    attentionBias: true,
    mlpBias: true,
    positions: { kind: "learned", offset: 2 },
    tiedHead: true,
  };
}

/** Shapes that are measured. Positions go beyond 2048, so that a full cache can be extended. */
export const architectures = {
  "small": opt(256, 4, 4),
  "OPT-125M": opt(768, 12, 12),
  "OPT-1.3B": opt(2048, 24, 32),
  "OPT-2.7B": opt(2560, 32, 32),
  "LLaMA-7B": {
    ...decoder,
    family: "llama",
    layers: 32,
    hiddenSize: 4096,
    embeddingSize: 4096,
    intermediateSize: 11008,
    heads: 32,
    keyValueHeads: 32,
    headDim: 128,
    vocabularySize: 32000,
    maxPositions: 4096,
    norm: "rms",
    activation: "silu",
    gated: true,
    attentionBias: false,
    mlpBias: false,
    positions: { kind: "rotary", theta: 10000 },
    tiedHead: false,
  },
} satisfies Record<string, Architecture>;

export type ModelName = keyof typeof architectures;

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

/** How a model computes: in floats, or its linear maps in integers. */
export const executions = ["FP32", "W8A8", "W4A8"] as const;

export type Execution = typeof executions[number];

/** Weights are rounded to nearest, which GPTQ's codes are as fast as; activations as in AgileQ-8. */
const methods: Record<Exclude<Execution, "FP32">, Method> = {
  W8A8: integerMethod("W8A8", 8, "row"),
  W4A8: integerMethod("W4A8", 4, 128),
};

function integerMethod(title: string, bits: number, groupSize: number | "row"): Method {
  return {
    title,
    weight: `INT${bits}`,
    activation: "INT8",
    weights: { kind: "rtn", options: { bits, groupSize, symmetric: false, range: "minmax" } },
    activations: agileQ8,
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
  const method = methods[execution];
  const window = randomIds(model, 64);
  const calibration = () => ({ weightWindows: [], activationWindows: [window] });
  const quantized = await quantizeWeights(model, method, calibration);
  const executed = await integerExecution(quantized, method, "paper", calibration);
  disposeModel(model, executed.model);
  return executed;
}

/** Token ids that look random and are the same in every run. */
export function randomIds({ architecture }: Model, count: number): Int32Array {
  const { vocabularySize } = architecture;
  return Int32Array.from({ length: count }, (_, i) => (i * 7919 + 13) % vocabularySize);
}
