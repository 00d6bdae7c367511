import type { StoredMatrix } from "../format/mod.ts";
import type { Architecture } from "./architecture.ts";
import type { BlockPart, ChannelSite } from "./sites.ts";

/**
 * The parameters of a linear map (`weight` [out, in]), a norm (`weight` is its gain, [1, channels]) or an
 * embedding table, as they are stored. Plain data: there is nothing to free.
 */
export interface StoredModule {
  readonly weight: StoredMatrix;
  readonly bias?: Float32Array;
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

/** The linear maps of a block. */
export type LinearName = Exclude<LayerModuleName, "inputNorm" | "mlpNorm">;

/** The parameters of one block. */
export type LayerWeights = Readonly<Partial<Record<LayerModuleName, StoredModule>>>;

/** The parameters outside the blocks. */
export type OuterWeights = Readonly<Partial<Record<OuterModuleName, StoredModule>>>;

/** All parameters of a model in memory. */
export interface Weights {
  outer: OuterWeights;
  layers: LayerWeights[];
}

/** What the architecture says about one module: where it stands and what shape it has. */
export type ModuleShape =
  & { weight: number[]; bias: boolean }
  & ({ layer: null; name: OuterModuleName } | { layer: number; name: LayerModuleName });

/** Linear maps of a block that read the same value. */
export interface LinearGroup {
  /** Where they read it. */
  reads: ChannelSite;
  /** The part of the block that they belong to. */
  part: BlockPart;
  names: readonly LinearName[];
}

/**
 * The linear maps of a block, grouped by the value that they read, in the order in which GPTQ's
 * true-sequential mode visits them. `gate` exists in gated MLPs only.
 */
export const linearGroups: readonly LinearGroup[] = [
  { reads: "attn.input", part: "attention", names: ["query", "key", "value"] },
  { reads: "attn.output", part: "attention", names: ["output"] },
  { reads: "mlp.input", part: "mlp", names: ["gate", "up"] },
  { reads: "mlp.hidden", part: "mlp", names: ["down"] },
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
  if (a.embeddingNorm && a.normAffine) outer("embeddingNorm", [a.hiddenSize], normBias);
  if (a.embeddingSize !== a.hiddenSize) {
    outer("projectIn", [a.hiddenSize, a.embeddingSize]);
    outer("projectOut", [a.embeddingSize, a.hiddenSize]);
  }
  if (a.finalNorm && a.normAffine) outer("finalNorm", [a.hiddenSize], normBias);
  if (!a.tiedHead) outer("head", [a.vocabularySize, a.embeddingSize]);
  for (let layer = 0; layer < a.layers; layer++) {
    const inner = (name: LayerModuleName, weight: number[], bias: boolean) =>
      shapes.push({ layer, name, weight, bias });
    if (a.normAffine) inner("inputNorm", [a.hiddenSize], normBias);
    inner("query", [a.heads * a.headDim, a.hiddenSize], a.queryKeyValueBias);
    inner("key", [keyValueSize, a.hiddenSize], a.queryKeyValueBias);
    inner("value", [keyValueSize, a.hiddenSize], a.queryKeyValueBias);
    inner("output", [a.hiddenSize, a.heads * a.headDim], a.outputBias);
    if (a.normAffine) inner("mlpNorm", [a.hiddenSize], normBias);
    if (a.gated) inner("gate", [a.intermediateSize, a.hiddenSize], a.mlpBias);
    inner("up", [a.intermediateSize, a.hiddenSize], a.mlpBias);
    inner("down", [a.hiddenSize, a.intermediateSize], a.mlpBias);
  }
  return shapes;
}

/** The parameters that a module of this shape has. */
export function parameterKinds({ bias }: ModuleShape): ParameterKind[] {
  return bias ? ["weight", "bias"] : ["weight"];
}

/** The shape of a module's weight or bias. */
export function parameterShape({ weight }: ModuleShape, kind: ParameterKind): number[] {
  return kind === "weight" ? weight : [weight[0]];
}

/** Rows and columns of a weight; a vector is one row. */
export function matrixShape(weight: readonly number[]): [rows: number, columns: number] {
  const [first, second] = weight;
  return second === undefined ? [1, first] : [first, second];
}

/** The module of a model that stands in this place. */
export function moduleAt({ outer, layers }: Weights, { layer, name }: ModuleShape): StoredModule {
  const modules: Readonly<Record<string, StoredModule>> = layer === null ? outer : layers[layer];
  return modules[name];
}

/** Builds the weights of an architecture from a source of modules. */
export async function buildWeights(
  architecture: Architecture,
  module: (shape: ModuleShape) => StoredModule | Promise<StoredModule>,
): Promise<Weights> {
  const outer: Partial<Record<OuterModuleName, StoredModule>> = {};
  const layers: Partial<Record<LayerModuleName, StoredModule>>[] = Array.from(
    { length: architecture.layers },
    () => ({}),
  );
  for (const shape of moduleShapes(architecture)) {
    const built = await module(shape);
    if (shape.layer === null) outer[shape.name] = built;
    else layers[shape.layer][shape.name] = built;
  }
  return { outer, layers };
}
