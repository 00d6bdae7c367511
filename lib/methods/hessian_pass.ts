import type { StoredMatrix, Triangle } from "../format/mod.ts";
import { type LayerWeights, type LinearGroup, linearGroups } from "../model/mod.ts";
import type { Step } from "../core/mod.ts";
import { plainAlgebra, type WideAlgebra } from "../quant/mod.ts";
import { wideAlgebra } from "../tensor/mod.ts";
import { changeMatrices, type WeightMatrix } from "./linear_weights.ts";
import type { BlockContext, Pass } from "./pass.ts";

/** How the matrices of a group are quantized that have a factor of their inputs in common. */
export interface GroupQuantizer<Factor extends Disposable> {
  /** @param name What errors call the first matrix. */
  factor(name: string, onStep: Step): Factor;
  quantize(factor: Factor, matrix: WeightMatrix, onStep: Step): StoredMatrix;
}

/** The parameters of a block with the linear maps of a group quantized. */
export function quantizeGroup<Factor extends Disposable>(
  layer: LayerWeights,
  { names }: LinearGroup,
  { layer: index, onStep }: Pick<BlockContext, "layer" | "onStep">,
  quantizer: GroupQuantizer<Factor>,
): LayerWeights {
  const present = names.filter((name) => layer[name]);
  if (present.length === 0) return layer;
  const onPart = (part: number, share: number) => onStep((part + share) / (present.length + 1));
  const first = `${present[0]} of layer ${index}`;
  using factor = quantizer.factor(first, (share) => onPart(0, share));
  return changeMatrices(
    layer,
    index,
    present,
    (matrix) => quantizer.quantize(factor, matrix, (share) => onPart(1 + matrix.order, share)),
  );
}

/** What {@linkcode hessianPass} asks of a method. */
export interface HessianMethod<Factor extends Disposable> {
  name: string;
  settings: unknown;
  /** Makes of a Hessian, its upper triangle, what the matrices that read the same value have in common. */
  factor(hessian: Triangle, name: string, onStep: Step, algebra: WideAlgebra): Factor;
  quantize(factor: Factor, matrix: WeightMatrix, onStep: Step): StoredMatrix;
}

/**
 * A pass that quantizes all linear maps of a block by the Hessians of what they read, which are those of the
 * block as it was: one run of all windows through each block.
 */
export function hessianPass<Factor extends Disposable>(
  { name, settings, factor, quantize }: HessianMethod<Factor>,
): Pass {
  return {
    name,
    settings,
    observes: Object.fromEntries(linearGroups.map(({ reads }) => [reads, "gram"])),
    rewrite: (layer, seen, at) =>
      linearGroups.reduce((changed, group, order) => {
        const onStep: Step = (share) => at.onStep((order + share) / linearGroups.length);
        const hessian = seen.gram(group.reads);
        const algebra = wideAlgebra() ?? plainAlgebra;
        return quantizeGroup(changed, group, { ...at, onStep }, {
          factor: (first, onStep) => factor(hessian, first, onStep, algebra),
          quantize,
        });
      }, layer),
  };
}
