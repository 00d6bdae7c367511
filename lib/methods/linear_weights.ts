import { decodeMatrix, type StoredMatrix } from "../format/mod.ts";
import type { LayerWeights, LinearName, StoredModule } from "../model/mod.ts";

/** A matrix of a block that is to be quantized. */
export interface WeightMatrix {
  /** `[rows, columns]`, i.e. `[out, in]`. */
  values: Float32Array;
  rows: number;
  columns: number;
  /** What errors call it: `query of layer 3`. */
  name: string;
  /** Its place among the matrices of the same call, and how many these are. */
  order: number;
  count: number;
}

/**
 * The parameters of a block with other weights in the place of some linear maps'. Biases stay.
 *
 * @param names Those that the block does not have are passed over.
 */
export function changeMatrices(
  layer: LayerWeights,
  index: number,
  names: readonly LinearName[],
  change: (matrix: WeightMatrix) => StoredMatrix,
): LayerWeights {
  const present = names.filter((name) => layer[name]);
  const changed = present.map((name, order): [LinearName, StoredModule] => {
    const module = layer[name]!;
    const { rows, columns } = module.weight;
    const matrix = {
      ...{ values: decodeMatrix(module.weight), rows, columns },
      ...{ name: `${name} of layer ${index}`, order, count: present.length },
    };
    return [name, { ...module, weight: change(matrix) }];
  });
  return { ...layer, ...Object.fromEntries(changed) };
}
