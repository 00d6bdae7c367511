import { require } from "../core/mod.ts";
import { decodeMatrix, floatMatrix } from "../format/mod.ts";
import type {
  Architecture,
  LayerModuleName,
  LayerWeights,
  LinearName,
  SiteName,
} from "../model/mod.ts";
import { changeMatrices } from "./linear_weights.ts";

/** The norms of a block by the sites where their output is read. */
export const normOf: Readonly<Partial<Record<SiteName, LayerModuleName>>> = {
  "attn.input": "inputNorm",
  "mlp.input": "mlpNorm",
};

/**
 * Refuses norms whose gains cannot be divided by a scale.
 *
 * @param action What errors say cannot be done: `smooth activations`.
 * @throws {InputError} If they have no gains, or stand where the residual stream reads them as well.
 */
export function requireFoldableNorms(
  { normAffine, normPlacement }: Architecture,
  action: string,
): void {
  require(normAffine, action, "its norms must have gains");
  const isBefore = normPlacement === "before";
  const rule = "its norms must stand before attention and MLP";
  require(isBefore, action, rule, normPlacement);
}

/**
 * Divides what one module of a block gives by a scale and multiplies the columns of the maps that read it: the
 * block computes the same. Both are stored as float32 then.
 *
 * @param index Which block, for errors.
 * @param previous A norm, or a linear map; nothing but `names` reads what it gives.
 * @param names Those that the block does not have are passed over.
 * @param scale Of every channel between them.
 */
export function foldScale(
  layer: LayerWeights,
  index: number,
  previous: LayerModuleName,
  names: readonly LinearName[],
  scale: Float32Array,
): LayerWeights {
  const { weight: { rows, columns }, ...module } = layer[previous]!;
  const weight = divideOutputs(decodeMatrix(layer[previous]!.weight), scale);
  const divided = {
    weight: floatMatrix("F32", weight, rows, columns),
    bias: module.bias && divideOutputs(module.bias, scale),
  };
  return changeMatrices(
    { ...layer, [previous]: divided },
    index,
    names,
    ({ values, rows, columns }) =>
      floatMatrix("F32", multiplyColumns(values, scale), rows, columns),
  );
}

/** Column c times `scale[c]`. */
export function multiplyColumns(values: Float32Array, scale: Float32Array): Float32Array {
  return values.map((each, i) => each * scale[i % scale.length]);
}

/** Column c divided by `scale[c]`. */
export function divideColumns(values: Float32Array, scale: Float32Array): Float32Array {
  return values.map((each, i) => each / scale[i % scale.length]);
}

/** What gives output r divided by `scale[r]`: the rows of a map, its bias, or the gain or bias of a norm. */
export function divideOutputs(values: Float32Array, scale: Float32Array): Float32Array {
  const columns = values.length / scale.length;
  return values.map((each, i) => each / scale[Math.floor(i / columns)]);
}
