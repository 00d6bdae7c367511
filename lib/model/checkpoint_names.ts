import type { Family } from "./family.ts";
import type { ModuleShape } from "./weights.ts";

/** Attention modules that a fused checkpoint keeps in one tensor, in its order. */
export const fusedParts = ["query", "key", "value"];

/**
 * The name of a module's tensors in a checkpoint, without `.weight` or `.bias`.
 *
 * @param prefix What the checkpoint puts in front of every name but the head's.
 */
export function checkpointName(family: Family, prefix: string, shape: ModuleShape): string {
  const names = family.names;
  if (shape.layer === null) {
    return shape.name === "head" ? names.outer.head! : prefix + names.outer[shape.name]!;
  }
  const inner = isFused(family, shape) ? names.fusedAttention! : names.inner[shape.name]!;
  return `${prefix}${names.layers}${shape.layer}.${inner}`;
}

/** Whether the checkpoint keeps this module inside its fused attention tensor. */
export function isFused(family: Family, shape: ModuleShape): boolean {
  return family.names.fusedAttention !== undefined && fusedParts.includes(shape.name);
}
