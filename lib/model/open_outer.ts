import type { StoredMatrix } from "../format/mod.ts";
import { denseMapOf, type LinearMap } from "../linear/mod.ts";
import { tf } from "../tensor/mod.ts";
import { type Norm, openNorm } from "./norm.ts";
import type { OuterModuleName, OuterWeights } from "./weights.ts";

/** An embedding: rows by their numbers. */
export interface Table {
  /**
   * @param ids Numbers of rows that exist.
   * @returns `[ids, channels]`
   */
  rows(ids: Int32Array): tf.Tensor2D;
}

/** What surrounds the blocks, ready to compute. Its owner frees it. */
export interface Outer extends Disposable {
  readonly embedding: Table;
  readonly positionEmbedding?: Table;
  readonly embeddingNorm?: Norm;
  readonly projectIn?: LinearMap;
  readonly projectOut?: LinearMap;
  readonly finalNorm?: Norm;
  /** Made when it is first asked for: it is often the largest matrix of all. */
  readonly head: LinearMap;
}

/**
 * Opens what surrounds the blocks; embedding tables stay as they are stored.
 *
 * @param makeMap Makes the maps, of which the head is one.
 */
export function openOuter(
  weights: OuterWeights,
  makeMap: typeof denseMapOf = denseMapOf,
): Outer {
  using made = new DisposableStack();
  const norm = (name: OuterModuleName): Norm | undefined => {
    const stored = weights[name];
    return stored && made.use(openNorm(stored));
  };
  const map = (name: OuterModuleName): LinearMap | undefined => {
    const stored = weights[name];
    return stored && made.use(makeMap(stored.weight, stored.bias));
  };
  const { embedding, positionEmbedding } = weights;
  const opened = {
    embedding: storedTable(embedding!.weight),
    positionEmbedding: positionEmbedding && storedTable(positionEmbedding.weight),
    embeddingNorm: norm("embeddingNorm"),
    projectIn: map("projectIn"),
    projectOut: map("projectOut"),
    finalNorm: norm("finalNorm"),
  };
  const owned = made.move();
  let head: LinearMap | undefined;
  return {
    ...opened,
    get head() {
      const stored = weights.head ?? embedding!;
      return head ??= owned.use(makeMap(stored.weight, stored.bias));
    },
    [Symbol.dispose]: () => owned.dispose(),
  };
}

function storedTable(matrix: StoredMatrix): Table {
  const { columns } = matrix;
  return {
    rows(ids) {
      const values = new Float32Array(ids.length * columns);
      ids.forEach((id, row) =>
        matrix.decode(id, values.subarray(row * columns, (row + 1) * columns))
      );
      return tf.tensor2d(values, [ids.length, columns]);
    },
  };
}
