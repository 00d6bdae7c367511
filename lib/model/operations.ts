import type { Architecture } from "./architecture.ts";
import { linearGroups, moduleShapes } from "./weights.ts";

/** Multiplications and additions, counted apart: two for each product that is summed. */
export interface Operations {
  /** Linear maps of one block. */
  maps: number;
  /** Scores and weighted values of one block, of every key up to the query itself. */
  attention: number;
  /** Next-token scores of all positions, with the projections of embeddings. */
  head: number;
}

/** What a window of so many tokens costs in one block, and in the head. */
export function windowOperations(architecture: Architecture, tokens: number): Operations {
  const { heads, headDim, vocabularySize, embeddingSize, hiddenSize } = architecture;
  const maps = linearShapes(architecture)
    .reduce((sum, [rows, columns]) => sum + 2 * tokens * rows * columns, 0);
  const projection = embeddingSize === hiddenSize ? 0 : 4 * tokens * embeddingSize * hiddenSize;
  return {
    maps,
    attention: 2 * heads * headDim * tokens * (tokens + 1),
    head: 2 * tokens * vocabularySize * embeddingSize + projection,
  };
}

/** The shapes of the linear maps of a block, `[out, in]`. */
export function linearShapes(
  architecture: Architecture,
): (readonly [rows: number, columns: number])[] {
  const names: readonly string[] = linearGroups.flatMap((group) => group.names);
  return moduleShapes({ ...architecture, layers: 1 })
    .filter(({ name }) => names.includes(name))
    .map(({ weight: [rows, columns] }) => [rows, columns]);
}

/** All parameters of a model, a tied head not counted twice. */
export function parameterCount(architecture: Architecture): number {
  return moduleShapes(architecture).reduce(
    (sum, { weight, bias }) =>
      sum + weight.reduce((size, each) => size * each, 1) + (bias ? weight[0] : 0),
    0,
  );
}
