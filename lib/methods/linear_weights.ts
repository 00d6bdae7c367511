import { decodeMatrix, type StoredMatrix } from "../format/mod.ts";
import {
  type LayerWeights,
  linearGroups,
  type LinearName,
  type StoredModule,
} from "../model/mod.ts";

/** The linear maps of a block. */
export const linearNames: readonly LinearName[] = linearGroups.flatMap(({ names }) => names);

/** A matrix of a block that is to be quantized. */
export interface WeightMatrix {
  /** As it is stored, `[rows, columns]`, i.e. `[out, in]`. */
  weight: StoredMatrix;
  /** Its values, decoded when they are asked for. */
  readonly values: Float32Array;
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
    const { weight } = module;
    const matrix: WeightMatrix = {
      ...{ weight, rows: weight.rows, columns: weight.columns },
      ...{ name: `${name} of layer ${index}`, order, count: present.length },
      get values() {
        return decodeMatrix(weight);
      },
    };
    return [name, { ...module, weight: change(matrix) }];
  });
  return { ...layer, ...Object.fromEntries(changed) };
}
