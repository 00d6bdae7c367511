import type { LinearMap } from "../linear/mod.ts";
import type { MatrixProduct } from "../tensor/mod.ts";
import type { LayerWeights, LinearGroup, OuterWeights, StoredModule, Weights } from "./weights.ts";

/**
 * Where the blocks of a model come from: memory, what a method made of another source, or wherever
 * else weights are kept. One block is asked for at a time.
 */
export interface BlockSource {
  readonly outer: OuterWeights;
  /** Whether blocks are read anew each time, since memory is not to hold them all. */
  readonly isStreamed?: boolean;
  /** The parameters of a block as they are stored. */
  layer(index: number): Promise<LayerWeights>;
  /**
   * Frees the parameters of a block that were read for one use and that nobody holds any longer. Waiting for
   * the garbage collector, a model of blocks of hundreds of megabytes holds several.
   */
  free?(weights: LayerWeights): void;
  /** How linear maps are computed; in float32 unless given. */
  readonly maps?: MapMaker;
  /** How attention multiplies queries by keys, and probabilities by values; in float32 unless given. */
  readonly attentionProduct?: MatrixProduct;
}

/** Makes the maps of a group, in the order of its modules. */
export type MapMaker = (
  group: LinearGroup,
  modules: readonly StoredModule[],
  layer: number,
) => LinearMap[];

/** All weights that a source of so many blocks has. */
export async function readWeights(source: BlockSource, count: number): Promise<Weights> {
  const layers: LayerWeights[] = [];
  for (let layer = 0; layer < count; layer++) layers.push(await source.layer(layer));
  return { outer: source.outer, layers };
}

/** The blocks of a model whose weights are all in memory, in the form in which they are stored. */
export function residentSource({ outer, layers }: Weights): BlockSource {
  return { outer, layer: (index) => Promise.resolve(layers[index]) };
}
