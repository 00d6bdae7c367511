import { type Pause, pauses, require, type Step } from "../core/mod.ts";
import { tidy } from "../tensor/mod.ts";
import { type Forwarded, requireLayers } from "./forward.ts";
import type { HeadOwner } from "./head.ts";
import { streamBudget, streamBytes } from "./memory.ts";
import { openBlock } from "./open_block.ts";
import { openOuter, type Outer } from "./open_outer.ts";
import { branchOf, type Runner } from "./runner.ts";
import { Streams } from "./streams.ts";
import type { OuterWeights } from "./weights.ts";

/** A window that has passed all blocks of a model, with what reads next-token scores of it. */
export interface Finished extends HeadOwner {
  run: Forwarded;
}

/** How {@linkcode runWindows} goes about it. */
export interface RunWindowsOptions {
  /** Hears how many windows are done, with a fraction for those on their way. */
  onStep?: Step;
  /** Stops the work by throwing its reason. */
  signal?: AbortSignal;
  /** Bytes that the streams of the windows on their way may take; by the size of a block unless given. */
  budget?: number;
}

/**
 * Takes windows through all blocks of one or several models, block by block: as many windows as the
 * budget allows pass block i before block i + 1 is opened.
 *
 * @param runners What every window runs through; at least one.
 * @param finish Reads a window once it has passed the last blocks, of every runner in their order. What
 *   it returns must not hold tensors.
 * @returns What `finish` returned of each window.
 * @throws {InputError} As `forward` does, or if there is no runner.
 */
export function runWindows<Result>(
  runners: readonly Runner[],
  windows: readonly Int32Array[],
  options: RunWindowsOptions,
  finish: (finished: Finished[], index: number) => Result,
): Promise<Result[]> {
  return Array.fromAsync(eachWindow(runners, windows, options, finish));
}

/**
 * Runs windows as {@linkcode runWindows} does, for a caller who looks at each result before the work
 * goes on and may end it there. The windows of a group come one after the other.
 */
export async function* eachWindow<Result>(
  runners: readonly Runner[],
  windows: readonly Int32Array[],
  { onStep = () => {}, signal, budget: asked }: RunWindowsOptions,
  finish: (finished: Finished[], index: number) => Result,
): AsyncGenerator<Result, void, void> {
  require(runners.length > 0, "run windows", "there must be at least one model");
  if (windows.length === 0) return;
  using opened = new DisposableStack();
  const outers = new Map<OuterWeights, Outer>();
  const outerOf = (weights: OuterWeights) => {
    const outer = outers.get(weights) ?? opened.use(openOuter(weights));
    outers.set(weights, outer);
    return outer;
  };
  const owners = runners.map(({ model: { architecture, source }, options = {} }): HeadOwner => {
    requireLayers(architecture, options);
    return { architecture, outer: outerOf(source.outer) };
  });
  const budget = asked ?? Math.max(...owners.map((owner) => streamBudget(owner.architecture)));
  const pause = pauses(signal);
  const branches = runners.map((_, order) => branchOf(runners, order));
  const firstLayers = branches.map((branch) => branch?.layer ?? 0);
  const steps = stepsOf(runners, firstLayers);
  for (let first = 0; first < windows.length;) {
    const group = groupFrom(windows.slice(first), owners, budget);
    let done = 0;
    const step = (count: number) => {
      done += count;
      onStep(first + done / steps);
    };
    using streams = new DisposableStack();
    const passed: ((index: number) => Forwarded)[] = [];
    const branched = new Map<number, Streams>();
    for (const [order, runner] of runners.entries()) {
      const { final, model: { architecture } } = runner;
      if (final && group.every((window) => final.has(window))) {
        step((architecture.layers - firstLayers[order]) * group.length);
        passed.push((index) => final.at(group[index]));
        continue;
      }
      const own = branched.get(order) ??
        streams.use(new Streams(owners[order], group, { budget, first }));
      await passBlocks(runner, own, firstLayers[order], pause, () => step(1), (layer) => {
        for (const [other, branch] of branches.entries()) {
          if (branch?.of !== order || branch.layer !== layer) continue;
          branched.set(other, streams.use(own.copy()));
        }
      });
      group.forEach((window, index) => tidy(() => final?.keep(window, own.at(index))));
      passed.push((index) => own.at(index));
    }
    for (const index of group.keys()) {
      await pause();
      const result = tidy(() => {
        const finished = passed.map((runAt, order) => ({ ...owners[order], run: runAt(index) }));
        return finish(finished, first + index);
      });
      step(runners.length);
      yield result;
    }
    first += group.length;
  }
}

/** How many steps a window takes: every block of every model from its first on, and every head. */
function stepsOf(runners: readonly Runner[], firstLayers: readonly number[]): number {
  const blocks = runners.map(({ model }, order) => model.architecture.layers - firstLayers[order]);
  return blocks.reduce((sum, own) => sum + own + 1, 0);
}

/** The windows, of those still to come, whose streams the budget holds; at least one. */
function groupFrom(
  windows: readonly Int32Array[],
  owners: readonly HeadOwner[],
  budget: number,
): readonly Int32Array[] {
  const bytesOf = ({ length }: Int32Array) =>
    owners.reduce((sum, { architecture }) => sum + streamBytes(architecture, length), 0);
  let bytes = 0;
  const over = windows.findIndex((window) => (bytes += bytesOf(window)) > budget);
  return over < 0 ? windows : windows.slice(0, Math.max(1, over));
}

/**
 * Takes streams through all blocks of a model from a layer on.
 *
 * @param before Is called before each layer, and behind the last.
 */
async function passBlocks(
  { model, options }: Runner,
  streams: Streams,
  from: number,
  pause: Pause,
  onStep: () => void,
  before: (layer: number) => void,
): Promise<void> {
  const { layers } = model.architecture;
  for (let layer = from; layer < layers; layer++) {
    before(layer);
    using block = await openBlock(model, layer);
    for (let index = 0; index < streams.length; index++) {
      await pause();
      options?.signal?.throwIfAborted();
      streams.advance(index, block, options);
      onStep();
    }
  }
  before(layers);
}
