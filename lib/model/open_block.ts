import { makeAll } from "../core/mod.ts";
import { denseMapOf, type LinearMap, storedMap } from "../linear/mod.ts";
import type { MatrixProduct } from "../tensor/mod.ts";
import type { Model } from "./model.ts";
import { type Norm, openNorm } from "./norm.ts";
import type { MapMaker } from "./source.ts";
import {
  type LayerWeights,
  type LinearGroup,
  linearGroups,
  type LinearName,
  type StoredModule,
} from "./weights.ts";

/** One block, ready to compute. Its owner frees it. */
export interface Block extends Disposable {
  /** Which one, counted from 0. */
  readonly layer: number;
  /** The parameters of its norms, where these have some. */
  readonly inputNorm?: Norm;
  readonly mlpNorm?: Norm;
  readonly maps: Readonly<Partial<Record<LinearName, LinearMap>>>;
  /** What multiplies in its attention; float32 unless given. */
  readonly attentionProduct?: MatrixProduct;
}

/**
 * Opens a block of a model.
 *
 * @param makeFloats Makes its maps where the model does not say how they are computed.
 */
export async function openBlock(
  { source }: Model,
  layer: number,
  makeFloats: MapMaker = dense,
): Promise<Block> {
  const weights = await source.layer(layer);
  const block = blockOf(weights, layer, source.maps ?? makeFloats);
  source.free?.(weights);
  return { ...block, attentionProduct: source.attentionProduct };
}

/** Opens a block with these parameters. */
export function blockOf(weights: LayerWeights, layer: number, makeMaps: MapMaker = dense): Block {
  using made = new DisposableStack();
  const maps: Partial<Record<LinearName, LinearMap>> = {};
  for (const group of linearGroups) {
    const names = group.names.filter((name) => weights[name]); // no gate where the MLP is not gated
    const opened = makeMaps(group, names.map((name) => weights[name]!), layer);
    names.forEach((name, index) => maps[name] = made.use(opened[index]));
  }
  const norm = (name: "inputNorm" | "mlpNorm"): Norm | undefined => {
    const stored = weights[name];
    return stored && made.use(openNorm(stored));
  };
  const block = { layer, inputNorm: norm("inputNorm"), mlpNorm: norm("mlpNorm"), maps };
  const owned = made.move();
  return { ...block, [Symbol.dispose]: () => owned.dispose() };
}

function dense(_group: LinearGroup, modules: readonly StoredModule[]): LinearMap[] {
  return makeAll(modules, ({ weight, bias }) => denseMapOf(weight, bias));
}

/** Makes maps that keep 16-bit weights as they are stored: for {@linkcode openBlock} where token follows token. */
export function asStored(_group: LinearGroup, modules: readonly StoredModule[]): LinearMap[] {
  return makeAll(modules, ({ weight, bias }) => storedMap(weight, bias));
}
