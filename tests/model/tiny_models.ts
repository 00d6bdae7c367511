import { seededRandom } from "../../lib/core/mod.ts";
import { decodeMatrix, floatMatrix } from "../../lib/format/mod.ts";
import {
  type Architecture,
  buildWeights,
  matrixShape,
  type Model,
  moduleShapes,
  type OpenModel,
  openModel,
  residentSource,
  type StoredModule,
} from "../../lib/model/mod.ts";
import { useBackend } from "../../lib/tensor/mod.ts";

// Native libraries stay loaded for the life of the process: load before any test counts resources.
await useBackend("agile");

const shared = {
  layers: 2,
  hiddenSize: 24,
  embeddingSize: 24,
  heads: 6,
  keyValueHeads: 6,
  headDim: 4,
  vocabularySize: 50,
  normEpsilon: 1e-5,
  normAffine: true,
  slidingWindow: null,
  normPlacement: "before",
  finalNorm: true,
  tiedHead: true,
  startToken: 1,
  startsEveryWindow: false,
} as const;

const llama: Architecture = {
  ...shared,
  family: "llama",
  intermediateSize: 40,
  maxPositions: 64,
  norm: "rms",
  embeddingNorm: false,
  activation: "silu",
  gated: true,
  queryKeyValueBias: false,
  outputBias: false,
  mlpBias: false,
  positions: { kind: "rotary", theta: 10000 },
};

const opt: Architecture = {
  ...shared,
  family: "opt",
  intermediateSize: 40,
  maxPositions: 64,
  norm: "layer",
  embeddingNorm: false,
  activation: "relu",
  gated: false,
  queryKeyValueBias: true,
  outputBias: true,
  mlpBias: true,
  positions: { kind: "learned", offset: 2 },
};

const bloom: Architecture = {
  ...opt,
  family: "bloom",
  intermediateSize: 96,
  maxPositions: Infinity,
  embeddingNorm: true,
  activation: "geluTanh",
  positions: { kind: "alibi" },
};

/** Architectures of every family and layout, small enough for slow references. */
export const tinyArchitectures = {
  "llama": llama,
  "llama with grouped queries, wide heads, biases and a head of its own": {
    ...llama,
    keyValueHeads: 2,
    headDim: 8,
    queryKeyValueBias: true,
    outputBias: true,
    mlpBias: true,
    positions: { kind: "rotary", theta: 500 },
    tiedHead: false,
  },
  "llama with softpick": { ...llama, keyValueHeads: 3, attentionNormalization: "softpick" },
  "opt": opt,
  "opt with norms after and a narrow embedding, as opt-350m": {
    ...opt,
    embeddingSize: 16,
    normPlacement: "after",
    finalNorm: false,
  },
  "opt with exact GELU, without biases and parameters of norms, as Galactica": {
    ...opt,
    activation: "gelu",
    queryKeyValueBias: false,
    outputBias: false,
    mlpBias: false,
    normAffine: false,
  },
  "bloom": bloom,
  "bloom with residuals behind the norms": { ...bloom, normPlacement: "onStream" },
  "qwen2 with a window that slides in the second layer": {
    ...llama,
    family: "qwen2",
    keyValueHeads: 3,
    queryKeyValueBias: true,
    slidingWindow: { size: 6, from: 1 },
  },
  "mistral with a sliding window": {
    ...llama,
    family: "mistral",
    keyValueHeads: 2,
    slidingWindow: { size: 5, from: 0 },
  },
} satisfies Record<string, Architecture>;

/** The plainest architecture of each family. */
export const families = { llama, opt, bloom };

/** A model whose every parameter, gains and biases included, is random and matters. */
export async function randomModel(architecture: Architecture, seed = 0): Promise<Model> {
  const random = seededRandom(seed);
  const normal = (size: number, deviation: number, mean = 0) =>
    Float32Array.from({ length: size }, () => mean + deviation * random.normal());
  const weights = await buildWeights(architecture, ({ weight, bias }) => {
    const [rows, columns] = matrixShape(weight);
    const values = weight.length === 1
      ? normal(columns, 0.3, 1)
      : normal(rows * columns, 1.5 / Math.sqrt(columns));
    const module = { weight: floatMatrix("F32", values, rows, columns) };
    return bias ? { ...module, bias: normal(weight[0], 0.3) } : module;
  });
  return { name: "random", architecture, source: residentSource(weights) };
}

/** Runs a test on a random model, which is open meanwhile. */
export async function withRandomModel(
  architecture: Architecture,
  test: (model: OpenModel, stored: Model) => void | Promise<void>,
): Promise<void> {
  const stored = await randomModel(architecture);
  using model = await openModel(stored);
  await test(model, stored);
}

/** The values of every parameter of a model by its name, such as `0 query.bias`. */
export async function parameterValues(
  { architecture, source }: Model,
): Promise<Record<string, Float32Array>> {
  const values: Record<string, Float32Array> = {};
  for (const { layer, name } of moduleShapes(architecture)) {
    const modules = layer === null ? source.outer : await source.layer(layer);
    const { weight, bias } = (modules as Record<string, StoredModule>)[name];
    values[`${layer ?? "outer"} ${name}.weight`] = decodeMatrix(weight);
    if (bias) values[`${layer ?? "outer"} ${name}.bias`] = bias;
  }
  return values;
}

/** Random token ids of the tiny vocabulary. */
export function randomIds(length: number, seed = 0): Int32Array {
  const random = seededRandom(seed);
  return Int32Array.from({ length }, () => random.integer(0, shared.vocabularySize - 1));
}
