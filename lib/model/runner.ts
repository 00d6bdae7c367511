import type { ForwardOptions } from "./block.ts";
import type { FinalStreams } from "./final_streams.ts";
import type { Model } from "./model.ts";

/**
 * A model, and how windows run through it. Runners that differ in their pruning alone share the blocks before
 * a token leaves, those that differ from one model in later blocks alone the ones before these: hooks see those
 * once.
 */
export interface Runner {
  model: Model;
  options?: ForwardOptions;
  /** Of a model that runs without options: where windows need not run again that it keeps. */
  final?: FinalStreams;
  /** The model that this one is in all blocks before a layer, and around the blocks, if there is such. */
  base?: { model: Model; before: number };
}

/** Where streams of a runner may leave those of another one. */
export interface Branch {
  /** The other one's place. */
  of: number;
  /** The first layer that the two do not have in common. */
  layer: number;
}

/** The runner before this one that has most in common with it; one that may not run at all has nothing. */
export function branchOf(runners: readonly Runner[], order: number): Branch | undefined {
  const { model, options } = runners[order];
  const own = originOf(runners[order]);
  const firstPruned = ({ pruning }: ForwardOptions = {}) =>
    Math.min(model.architecture.layers, ...pruning?.ratios.keys() ?? []);
  return runners.slice(0, order)
    .map((other, of) => ({ ...other, of }))
    .filter((other) => originOf(other).model === own.model && !other.final)
    .filter((other) => agreeBeforePruning(options, other.options))
    .map(({ of, ...other }) => ({
      of,
      layer: Math.min(
        ...[own.before, originOf(other).before],
        ...[firstPruned(options), firstPruned(other.options)],
      ),
    }))
    .reduce<Branch | undefined>(
      (best, each) => best && best.layer >= each.layer ? best : each,
      undefined,
    );
}

/** A model, and before which layer a runner's is the same. */
function originOf({ model, base }: Runner): { model: Model; before: number } {
  return base ?? { model, before: Infinity };
}

function agreeBeforePruning(one: ForwardOptions = {}, other: ForwardOptions = {}): boolean {
  const names = new Set([...Object.keys(one), ...Object.keys(other)]) as Set<keyof ForwardOptions>;
  return [...names].every((name) => name === "pruning" || one[name] === other[name]);
}
