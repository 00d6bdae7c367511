import { require } from "../core/mod.ts";
import {
  embedTokens,
  type ForwardOptions,
  type Model,
  runLayer,
  type State,
} from "../model/mod.ts";
import { tf, tidy } from "../tensor/mod.ts";

/**
 * The residual streams of calibration windows before the first block.
 *
 * @throws {InputError} If there are no windows or the model cannot run one of them.
 */
export function openStreams(model: Model, windows: Int32Array[]): State[] {
  const rule = "there must be at least one calibration window";
  require(windows.length > 0, `calibrate ${model.name}`, rule);
  return windows.map((window) => tidy(() => embedTokens(model, window)));
}

/**
 * Takes every stream through one block, in place, and frees what it was before.
 *
 * @throws The reason of the options' signal once it is aborted.
 */
export function advanceStreams(
  model: Model,
  layer: number,
  streams: State[],
  options?: ForwardOptions,
): void {
  streams.forEach((stream, index) => {
    options?.signal?.throwIfAborted();
    streams[index] = tidy(() => runLayer(model, layer, stream, options).state);
    stream.hidden.dispose();
  });
}

/** Frees the streams. */
export function closeStreams(streams: State[]): void {
  tf.dispose(streams.map(({ hidden }) => hidden));
}
