import { type Pause, require, type Step } from "../core/mod.ts";
import {
  blockGradients,
  blockOf,
  embedTokens,
  linearGroups,
  type LinearName,
  lossGradient,
  type Model,
  openOuter,
  type Outer,
  runBlock,
  type State,
  streamBytes,
  tensorStreams,
  traceBlock,
} from "../model/mod.ts";
import { tensorData, tf, tidy } from "../tensor/mod.ts";
import type { StreamsRoom } from "./calibration_streams.ts";
import { observedSites } from "./observed_sites.ts";
import type { Calibration, Pass } from "./pass.ts";
import type { FisherWeights } from "./seen.ts";

/**
 * The diagonal of the Fisher information of a model, as it is before any pass: how the loss of each window
 * changes with every weight of linear maps, squared and summed up.
 *
 * Gradients go backwards while passes go forwards, so that of all blocks they are found before the first one
 * is asked for, and wait in memory: four bytes a weight, until a later block is asked for. Of tensors there are
 * one block and what one window computes in it, and the streams of some windows before every block wait outside.
 */
export class FisherInformation {
  #found?: Map<LinearName, Float32Array>[];

  /**
   * @param passes Say of which sites they want it.
   * @param calibration Asked for the windows for weights where a block is asked for.
   * @param room.budget Bytes that the streams of windows that run together may take before all blocks; 1 GiB
   *   unless given.
   */
  constructor(
    readonly model: Model,
    readonly passes: readonly Pass[],
    readonly calibration: () => Calibration,
    readonly room: Pick<StreamsRoom, "budget"> = {},
  ) {}

  /**
   * Of the linear maps of a block; those of blocks before it are forgotten.
   *
   * @param onStep Hears how much is done, where all blocks are still to be looked at.
   * @throws {InputError} If there are no windows, one is a single token, or no linear map reads one of the sites.
   */
  async of(layer: number, pause: Pause, onStep: Step): Promise<FisherWeights> {
    this.#found ??= await gather(this, pause, onStep);
    for (let before = 0; before < layer; before++) this.#found[before] = new Map();
    return this.#found[layer];
  }
}

async function gather(
  { model, passes, calibration, room: { budget = tensorStreams } }: FisherInformation,
  pause: Pause,
  onStep: Step,
): Promise<Map<LinearName, Float32Array>[]> {
  const { architecture, name } = model;
  const windows = calibration().weightWindows;
  const action = `calibrate ${name}`;
  require(windows.length > 0, action, "there must be at least one calibration window");
  const sites = new Set(passes.flatMap((pass) => observedSites(pass).fisher));
  const names = [...sites].flatMap((site) => {
    const group = linearGroups.find(({ reads }) => reads === site);
    require(group !== undefined, action, "gradients need a site that maps read", site);
    return group.names;
  });
  const found = Array.from({ length: architecture.layers }, () => new Map());
  using outer = openOuter(model.source.outer);
  const bytes = Math.max(...windows.map(({ length }) => streamBytes(architecture, length)));
  const together = Math.max(1, Math.floor(budget / (architecture.layers * bytes)));
  for (let first = 0; first < windows.length; first += together) {
    const group = windows.slice(first, first + together);
    const work = { model, outer, group, pause };
    const share = group.length / windows.length;
    const onPart: Step = (done) => onStep(first / windows.length + share * done);
    const streams = await forwards(work, (done) => onPart(done / 4));
    await backwards(work, streams, names, found, (done) => onPart((1 + 3 * done) / 4));
  }
  return found;
}

/** Windows that run together. */
interface Work {
  model: Model;
  outer: Outer;
  group: readonly Int32Array[];
  pause: Pause;
}

/** A stream that waits outside of the memory of tensors. */
type Waiting = Omit<State, "hidden"> & { values: Float32Array };

/** The streams of windows before each block, and behind the last one. */
async function forwards(
  { model: { architecture, source }, outer, group, pause }: Work,
  onStep: Step,
): Promise<Waiting[][]> {
  const { layers } = architecture;
  const streams = [
    group.map((window) => tidy(() => wait(embedTokens(architecture, outer, window)))),
  ];
  for (let layer = 0; layer < layers; layer++) {
    const weights = await source.layer(layer);
    using block = blockOf(weights, layer);
    source.free?.(weights);
    const after: Waiting[] = [];
    for (const [index, stream] of streams[layer].entries()) {
      await pause();
      onStep((layer + index / group.length) / layers);
      after.push(tidy(() => wait(runBlock(architecture, block, resume(stream)).state)));
    }
    streams.push(after);
  }
  return streams;
}

/** Adds the squared gradients of windows to what has been found. */
async function backwards(
  { model: { architecture, source }, outer, group, pause }: Work,
  streams: Waiting[][],
  names: readonly LinearName[],
  found: Map<LinearName, Float32Array>[],
  onStep: Step,
): Promise<void> {
  const { layers } = architecture;
  const slopes = streams.pop()!.map((stream, index) =>
    tidy(() =>
      tensorData(lossGradient({ architecture, outer }, resume(stream).hidden, group[index])).slice()
    )
  );
  for (let layer = layers - 1; layer >= 0; layer--) {
    const weights = await source.layer(layer);
    using block = traceBlock(weights, layer);
    source.free?.(weights);
    for (const [index, stream] of streams.pop()!.entries()) {
      await pause();
      onStep((layers - 1 - layer + index / group.length) / layers);
      tidy(() => {
        const state = resume(stream);
        const slope = tf.tensor(slopes[index], state.hidden.shape) as tf.Tensor2D;
        const gradients = blockGradients(architecture, block, state, slope, names);
        slopes[index] = tensorData(gradients.hidden).slice();
        for (const [name, gradient] of gradients.weights) {
          addSquares(found[layer], name, tensorData(gradient));
        }
      });
    }
  }
}

function addSquares(
  sums: Map<LinearName, Float32Array>,
  name: LinearName,
  gradient: Float32Array,
): void {
  const sum = sums.get(name) ?? new Float32Array(gradient.length);
  for (let i = 0; i < sum.length; i++) sum[i] += gradient[i] * gradient[i];
  sums.set(name, sum);
}

function wait({ hidden, ...state }: State): Waiting {
  return { ...state, values: tensorData(hidden).slice() };
}

function resume({ values, ...state }: Waiting): State {
  const tokens = state.positions.length * state.batch;
  return { ...state, hidden: tf.tensor2d(values, [tokens, values.length / tokens]) };
}
