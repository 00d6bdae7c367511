import { tf } from "../tensor/mod.ts";
import type { Architecture } from "./architecture.ts";

/** A linear map (`weight` [out, in]), a norm (`weight` is its gain [channels]) or an embedding table. */
export interface Module {
  weight: tf.Tensor;
  bias?: tf.Tensor1D;
  /** What `apply` reads besides, and the model owns. */
  memory?: tf.Tensor;
  /**
   * Computes a linear map, `[rows, in]` to `[rows, out]`, by other means than `linear`; told which rows
   * are to be computed in fewer bits where the site before it is.
   */
  apply?: (value: tf.Tensor2D, lower?: Int32Array) => tf.Tensor2D;
  /** Computes all maps of its group of {@linkcode linearGroups}, in their order, at once. */
  applyGroup?: (value: tf.Tensor2D, lower?: Int32Array) => tf.Tensor2D[];
}

/** What a module's parameters are called. */
export type ParameterKind = "weight" | "bias";

/** The names of one block's modules. `gate` exists in gated MLPs only. */
export type LayerModuleName =
  | "inputNorm"
  | "query"
  | "key"
  | "value"
  | "output"
  | "mlpNorm"
  | "gate"
  | "up"
  | "down";

/** The names of the modules outside the blocks. */
export type OuterModuleName =
  | "embedding"
  | "positionEmbedding"
  | "embeddingNorm"
  | "projectIn"
  | "projectOut"
  | "finalNorm"
  | "head";

export type LayerWeights = Partial<Record<LayerModuleName, Module>>;

/** All parameters of a model, as float32 tensors. */
export interface Weights {
  outer: Partial<Record<OuterModuleName, Module>>;
  layers: LayerWeights[];
}

/** What the architecture says about one module: where it stands and what shape it has. */
export type ModuleShape =
  & { weight: number[]; bias: boolean }
  & ({ layer: null; name: OuterModuleName } | { layer: number; name: LayerModuleName });

/**
 * The linear maps of a block, grouped by the value that they read, in the order in which GPTQ's
 * true-sequential mode visits them.
 */
export const linearGroups: LayerModuleName[][] = [
  ["query", "key", "value"],
  ["output"],
  ["gate", "up"],
  ["down"],
];

/** Lists the modules a model of this architecture has, blocks last. */
export function moduleShapes(architecture: Architecture): ModuleShape[] {
  const a = architecture;
  const normBias = a.norm === "layer";
  const keyValueSize = a.keyValueHeads * a.headDim;
  const shapes: ModuleShape[] = [];
  const outer = (name: OuterModuleName, weight: number[], bias = false) =>
    shapes.push({ layer: null, name, weight, bias });
  outer("embedding", [a.vocabularySize, a.embeddingSize]);
  if (a.positions.kind === "learned") {
    outer("positionEmbedding", [a.maxPositions + a.positions.offset, a.hiddenSize]);
  }
  if (a.embeddingNorm) outer("embeddingNorm", [a.hiddenSize], normBias);
  if (a.embeddingSize !== a.hiddenSize) {
    outer("projectIn", [a.hiddenSize, a.embeddingSize]);
    outer("projectOut", [a.embeddingSize, a.hiddenSize]);
  }
  if (a.finalNorm) outer("finalNorm", [a.hiddenSize], normBias);
  if (!a.tiedHead) outer("head", [a.vocabularySize, a.embeddingSize]);
  for (let layer = 0; layer < a.layers; layer++) {
    const inner = (name: LayerModuleName, weight: number[], bias: boolean) =>
      shapes.push({ layer, name, weight, bias });
    inner("inputNorm", [a.hiddenSize], normBias);
    inner("query", [a.heads * a.headDim, a.hiddenSize], a.attentionBias);
    inner("key", [keyValueSize, a.hiddenSize], a.attentionBias);
    inner("value", [keyValueSize, a.hiddenSize], a.attentionBias);
    inner("output", [a.hiddenSize, a.heads * a.headDim], a.attentionBias);
    inner("mlpNorm", [a.hiddenSize], normBias);
    if (a.gated) inner("gate", [a.intermediateSize, a.hiddenSize], a.mlpBias);
    inner("up", [a.intermediateSize, a.hiddenSize], a.mlpBias);
    inner("down", [a.hiddenSize, a.intermediateSize], a.mlpBias);
  }
  return shapes;
}

/** The shape of a module's weight or bias. */
export function parameterShape({ weight }: ModuleShape, kind: ParameterKind): number[] {
  return kind === "weight" ? weight : [weight[0]];
}

/** Builds the weights of an architecture from a source of modules. */
export async function buildWeights(
  architecture: Architecture,
  module: (shape: ModuleShape) => Module | Promise<Module>,
): Promise<Weights> {
  const weights: Weights = {
    outer: {},
    layers: Array.from({ length: architecture.layers }, () => ({})),
  };
  for (const shape of moduleShapes(architecture)) {
    const built = await module(shape);
    if (shape.layer === null) weights.outer[shape.name] = built;
    else weights.layers[shape.layer][shape.name] = built;
  }
  return weights;
}

/** The module a shape describes. */
export function moduleOf(weights: Weights, shape: ModuleShape): Module {
  return shape.layer === null
    ? weights.outer[shape.name]!
    : weights.layers[shape.layer][shape.name]!;
}

/** Every parameter tensor of a model. */
export function parameters(weights: Weights): tf.Tensor[] {
  return [weights.outer, ...weights.layers].flatMap((group) =>
    Object.values(group).flatMap(moduleParameters)
  );
}

/** The parameter tensors of one module. */
export function moduleParameters({ weight, bias, memory }: Module): tf.Tensor[] {
  return [weight, bias, memory].filter((tensor) => tensor !== undefined);
}
