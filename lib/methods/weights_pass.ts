import type { StoredMatrix } from "../format/mod.ts";
import { changeMatrices, linearNames, type WeightMatrix } from "./linear_weights.ts";
import type { Pass } from "./pass.ts";

/**
 * A pass that puts another matrix in the place of each linear map's, by nothing but that matrix: no
 * calibration.
 *
 * @param settings Plain data that says, with the name, what the pass does.
 */
export function weightsPass(
  name: string,
  settings: unknown,
  change: (matrix: WeightMatrix) => StoredMatrix,
): Pass {
  return {
    name,
    settings,
    rewrite: (layer, _seen, { layer: index, onStep }) =>
      changeMatrices(layer, index, linearNames, (matrix) => {
        onStep(matrix.order / matrix.count);
        return change(matrix);
      }),
  };
}
