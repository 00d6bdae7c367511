import type { ForwardOptions } from "./block.ts";
import type { FinalStreams } from "./final_streams.ts";
import type { Model } from "./model.ts";

/**
 * A model, and how windows run through it. Runners that differ in their pruning alone share the blocks before
 * a token leaves, those that differ from one run of a model in later blocks alone the ones before these: hooks
 * see those once.
 */
export interface Runner {
  model: Model;
  options?: ForwardOptions;
  /** Of a model that runs without options: where windows need not run again that it keeps. */
  final?: FinalStreams;
  /**
   * The model that this one is in all blocks before a layer, and around the blocks, if there is such, and how
   * windows run through it there; as through this one unless given.
   */
  base?: { model: Model; before: number; options?: ForwardOptions };
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
  const own = originOf(runners[order]);
  const firstPruned = ({ model, options: { pruning } }: Origin) =>
    Math.min(model.architecture.layers, ...pruning?.ratios.keys() ?? []);
  return runners.slice(0, order)
    .map((runner, of) => ({ other: originOf(runner), final: runner.final, of }))
    .filter(({ other, final }) => other.model === own.model && !final)
    .filter(({ other }) => agreeBeforePruning(own.options, other.options))
    .map(({ other, of }) => ({
      of,
      layer: Math.min(own.before, other.before, firstPruned(own), firstPruned(other)),
    }))
    .reduce<Branch | undefined>(
      (best, each) => best && best.layer >= each.layer ? best : each,
      undefined,
    );
}

/** A run of a model, and before which layer a runner's is the same. */
interface Origin {
  model: Model;
  before: number;
  options: ForwardOptions;
}

function originOf({ model, options = {}, base }: Runner): Origin {
  return { model, before: Infinity, ...base, options: base?.options ?? options };
}

/** Whether runs do the same until one of them prunes; a signal changes nothing of what they do. */
function agreeBeforePruning(one: ForwardOptions, other: ForwardOptions): boolean {
  const names = new Set([...Object.keys(one), ...Object.keys(other)]) as Set<keyof ForwardOptions>;
  return [...names].every((name) =>
    name === "pruning" || name === "signal" || one[name] === other[name]
  );
}
