import { type Storage, type StorageFacts, storageOf } from "../format/mod.ts";
import { isFloat } from "../io/mod.ts";
import type { Model } from "./model.ts";
import type { PublishedModel } from "./published.ts";
import { type LayerWeights, linearGroups, matrixShape } from "./weights.ts";

const linearNames: readonly string[] = linearGroups.flatMap(({ names }) => names);

/** How a checkpoint stores the linear maps of the blocks, scales and zero points included; none is read. */
export function publishedStorage(
  { checkpoint, stored }: Pick<PublishedModel, "checkpoint" | "stored">,
): Storage {
  const maps = stored.filter(({ kind, modules: [{ name }] }) =>
    kind === "weight" && linearNames.includes(name)
  );
  return storageOf(maps.map(({ name, shape }) => {
    const { dtype, byteLength } = checkpoint.tensors.get(name)!;
    const [rows, columns] = matrixShape(shape);
    return { rows, columns, byteLength, form: dtype };
  }));
}

/** Those forms of linear maps that are no floats, that of the most weights first: weights are dequantized from them. */
export function quantizedForms({ forms }: Pick<Storage, "forms">): string[] {
  return forms.filter((form) => !isFloat(form));
}

/**
 * The model, and how the linear maps of its blocks are stored, as far as blocks have been asked for: what
 * a method leaves of a block may exist only while windows pass it.
 */
export function watchStorage<Watched extends Model>(
  model: Watched,
): { model: Watched; storage: () => Storage } {
  const layers = new Map<number, StorageFacts[]>();
  const { source } = model;
  const layer = async (index: number) => {
    const weights = await source.layer(index);
    layers.set(index, factsOf(weights));
    return weights;
  };
  return {
    model: { ...model, source: { ...source, layer } },
    storage: () => storageOf([...layers.values()].flat()),
  };
}

function factsOf(weights: LayerWeights): StorageFacts[] {
  const modules = linearGroups.flatMap(({ names }) => names.map((name) => weights[name]));
  return modules.filter((module) => module !== undefined).map(({ weight }) => {
    const { rows, columns, byteLength, form } = weight;
    return { rows, columns, byteLength, form };
  });
}
