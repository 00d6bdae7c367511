import { require } from "../core/mod.ts";
import { tidy } from "../tensor/mod.ts";
import type { Architecture } from "./architecture.ts";
import { type BlockOptions, type ForwardOptions, runBlock } from "./block.ts";
import { embedTokens } from "./embedding.ts";
import type { OpenModel } from "./open_model.ts";
import type { Exit, State } from "./state.ts";

/** A finished forward pass. */
export interface Forwarded extends State {
  /** The tokens that pruning removed, in order of the layers. */
  exits: Exit[];
}

/**
 * Runs tokens through all blocks of an open model. Frees everything but what it returns.
 *
 * @param ids `batch` windows of equal length, one after the other.
 * @returns The stream before the final norm, which `logits` reads.
 * @throws {InputError} If an id is outside the vocabulary, the window too long, or pruning asked
 *   for at a layer that does not exist, by a ratio outside [0, 1) or in a batch of several windows.
 */
export function forward(
  model: OpenModel,
  ids: Int32Array,
  options: ForwardOptions = {},
  batch = 1,
): Forwarded {
  requireLayers(model.architecture, options);
  return tidy(() => {
    const start = tidy(() => embedTokens(model.architecture, model.outer, ids, batch));
    return runBlocks(model, start, () => options);
  });
}

/** @throws {InputError} If pruning is asked for at a layer that does not exist. */
export function requireLayers({ layers }: Architecture, { pruning }: ForwardOptions): void {
  for (const layer of pruning?.ratios.keys() ?? []) {
    const exists = Number.isInteger(layer) && layer >= 0 && layer < layers;
    require(exists, "prune tokens", `layers must be 0..${layers - 1}`, layer);
  }
}

/**
 * Takes the stream through all blocks. Run it in `tidy`.
 *
 * @param start What comes out of the embedding; it is freed.
 * @throws The reason of a layer's signal once that is aborted.
 */
export function runBlocks(
  { architecture, blocks }: OpenModel,
  start: State,
  optionsOf: (layer: number) => BlockOptions,
): Forwarded {
  let run: Forwarded = { ...start, exits: [] };
  for (const block of blocks) {
    const options = optionsOf(block.layer);
    options.signal?.throwIfAborted();
    const next = tidy(() => runBlock(architecture, block, run, options));
    run.hidden.dispose();
    run = { ...next.state, exits: next.exit ? [...run.exits, next.exit] : run.exits };
  }
  return run;
}
