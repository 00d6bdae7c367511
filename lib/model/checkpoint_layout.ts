import type { Architecture } from "./architecture.ts";
import type { Family } from "./family.ts";
import {
  type ModuleShape,
  moduleShapes,
  type ParameterKind,
  parameterKinds,
  parameterShape,
} from "./weights.ts";

/** One tensor of a checkpoint. */
export interface StoredTensor {
  name: string;
  shape: number[];
  kind: ParameterKind;
  /** Whose parameter it is: one module's, or query's, key's and value's in this order (BLOOM). */
  modules: ModuleShape[];
}

/**
 * Lists the tensors a checkpoint of this architecture has. Modules that a family gives one name
 * lie in one tensor.
 *
 * @param prefix What the checkpoint puts in front of every name but the head's.
 */
export function storedTensors(
  family: Family,
  architecture: Architecture,
  prefix: string,
): StoredTensor[] {
  const stored = new Map<string, StoredTensor>();
  for (const module of moduleShapes(architecture)) {
    for (const kind of parameterKinds(module)) {
      const name = `${moduleName(family, prefix, module)}.${kind}`;
      const shape = [...parameterShape(module, kind)];
      const shared = stored.get(name);
      if (shared) {
        shared.modules.push(module);
        shared.shape[0] += shape[0];
      } else {
        stored.set(name, { name, shape, kind, modules: [module] });
      }
    }
  }
  return [...stored.values()];
}

function moduleName({ names }: Family, prefix: string, { layer, name }: ModuleShape): string {
  if (name === "head") return names.outer.head!;
  return layer === null
    ? prefix + names.outer[name]!
    : `${prefix}${names.layers}${layer}.${names.inner[name]!}`;
}
