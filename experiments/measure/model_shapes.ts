import type { Architecture } from "../../lib/model/mod.ts";

const decoder = {
  normEpsilon: 1e-5,
  normAffine: true,
  slidingWindow: null,
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
    queryKeyValueBias: true,
    outputBias: true,
    mlpBias: true,
    positions: { kind: "learned", offset: 2 },
    tiedHead: true,
  };
}

const llama = {
  ...decoder,
  family: "llama",
  norm: "rms",
  activation: "silu",
  gated: true,
  queryKeyValueBias: false,
  outputBias: false,
  mlpBias: false,
} as const;

/**
 * The shapes of the models of table 4, of SmolLM2, and a small one. Positions go beyond 2048, so that a full cache
 * can be extended.
 */
export const modelShapes = {
  "small": opt(256, 4, 4),
  "OPT-125M": opt(768, 12, 12),
  "OPT-1.3B": opt(2048, 24, 32),
  "OPT-2.7B": opt(2560, 32, 32),
  "OPT-6.7B": opt(4096, 32, 32),
  "LLaMA-7B": {
    ...llama,
    layers: 32,
    hiddenSize: 4096,
    embeddingSize: 4096,
    intermediateSize: 11008,
    heads: 32,
    keyValueHeads: 32,
    headDim: 128,
    vocabularySize: 32000,
    maxPositions: 4096,
    positions: { kind: "rotary", theta: 10000 },
    tiedHead: false,
  },
  "SmolLM2-135M": {
    ...llama,
    layers: 30,
    hiddenSize: 576,
    embeddingSize: 576,
    intermediateSize: 1536,
    heads: 9,
    keyValueHeads: 3,
    headDim: 64,
    vocabularySize: 49152,
    maxPositions: 8192,
    positions: { kind: "rotary", theta: 100000 },
    tiedHead: true,
  },
} satisfies Record<string, Architecture>;

/** A model whose shape is known. */
export type ModelName = keyof typeof modelShapes;

/** What a block of a model takes depends on this alone, and the number of its blocks. */
const sizes = [
  "family",
  "layers",
  "hiddenSize",
  "intermediateSize",
  "heads",
  "keyValueHeads",
] as const;

/** The model of known shape whose blocks are as large as another's, and as many, if there is one. */
export function sameShape(architecture: Architecture): ModelName | undefined {
  const names = Object.keys(modelShapes) as ModelName[];
  return names.find((name) =>
    sizes.every((size) => modelShapes[name][size] === architecture[size])
  );
}
