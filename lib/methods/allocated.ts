import { require } from "../core/mod.ts";
import { isObject } from "../io/mod.ts";
import {
  type Architecture,
  type LayerWeights,
  type LinearName,
  moduleShapes,
} from "../model/mod.ts";
import { linearNames } from "./linear_weights.ts";
import type { BlockContext, Pass } from "./pass.ts";
import type { Seen } from "./seen.ts";

/** Bits of each linear map, or of other things that each layer has, by layer. Plain data. */
export type BitAllocation<Name extends string = LinearName> = readonly Readonly<
  Partial<Record<Name, number>>
>[];

/** What has bits of its own in each layer. */
export interface Allocatable {
  /** What errors call it: `linear maps`. */
  what: string;
  names: readonly string[];
  layers: number;
  /** Which bits there are. */
  choices: readonly number[];
}

/** The linear maps that blocks of an architecture have. */
export function linearMapsOf(architecture: Architecture): LinearName[] {
  const present = new Set<string>(moduleShapes(architecture).map(({ name }) => name));
  return linearNames.filter((name) => present.has(name));
}

/** All bits of an allocation, each once, the fewest first. */
export function allocatedBits(allocation: BitAllocation<string>): number[] {
  const bits = allocation.flatMap((layer) => Object.values(layer) as number[]);
  return [...new Set(bits)].sort((one, other) => one - other);
}

/**
 * Refuses, of plain data that no compiler has seen, what is no allocation of any model.
 *
 * @param action What was attempted, e.g. `quantize with RTN`.
 */
export function requireBitsByLayer(
  allocation: unknown,
  action: string,
): asserts allocation is BitAllocation {
  const isLayer = (layer: unknown) =>
    isObject(layer) && Object.values(layer).every((bits) => typeof bits === "number");
  const isList = Array.isArray(allocation) && allocation.length > 0 && allocation.every(isLayer);
  require(isList, action, "an allocation must be a list of the bits in each layer", allocation);
}

/**
 * Refuses an allocation that does not say the bits of each of what it is of, or of others.
 *
 * @param action What was attempted, e.g. `quantize with RTN`.
 */
export function requireAllocation(
  allocation: BitAllocation<string>,
  { what, names, layers, choices }: Allocatable,
  action: string,
): void {
  const count = `the allocation must be of ${layers} layers`;
  require(allocation.length === layers, action, count, allocation.length);
  for (const [layer, own] of allocation.entries()) {
    const stray = Object.keys(own).find((name) => !names.includes(name));
    const all = `the ${what} of layer ${layer} are ${names.join(", ")}`;
    require(stray === undefined, action, all, stray);
    for (const name of names) {
      const rule = `bits of ${name} of layer ${layer} must be ${choices.join(", ")}`;
      require(choices.includes(own[name]!), action, rule, own[name] ?? null);
    }
  }
}

/**
 * The passes of a method whose linear maps have bits of their own: each map is quantized as the method does with
 * its bits, in the block as it is by then.
 *
 * @param allocation Of a method that quantizes each linear map by itself.
 * @param passesWith The passes of the method with the same bits everywhere; they differ in bits alone.
 */
export function allocatedPasses(
  allocation: BitAllocation,
  passesWith: (bits: number) => readonly Pass[],
): Pass[] {
  const variants = allocatedBits(allocation).map((bits) => ({ bits, passes: passesWith(bits) }));
  return variants[0].passes.map((first, order): Pass => {
    if (!first.rewrite) return first;
    const own = variants.map(({ bits, passes }) => ({ bits, pass: passes[order] }));
    return {
      ...first,
      settings: { allocation, passes: own.map(({ pass }) => pass.settings) },
      async rewrite(layer, seen, at) {
        let changed = layer;
        for (const [turn, { bits, pass }] of own.entries()) {
          const onStep = (share: number) => at.onStep((turn + share) / own.length);
          const names = linearNames.filter((name) => allocation[at.layer][name] === bits);
          if (names.length === 0) continue;
          changed = await rewriteMaps(pass, names, changed, seen, { ...at, onStep });
        }
        return changed;
      },
    };
  });
}

/** What a pass makes of a block that has no linear maps but these; the others stay. */
async function rewriteMaps(
  pass: Pass,
  names: readonly LinearName[],
  layer: LayerWeights,
  seen: Seen,
  at: BlockContext,
): Promise<LayerWeights> {
  const isOther = (name: string) =>
    linearNames.includes(name as LinearName) && !names.includes(name as LinearName);
  const [others, own] = [true, false].map((kind): LayerWeights =>
    Object.fromEntries(Object.entries(layer).filter(([name]) => isOther(name) === kind))
  );
  return { ...await pass.rewrite!(own, seen, at), ...others };
}
