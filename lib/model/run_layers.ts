import { tidy } from "../tensor/mod.ts";
import { type LayerOptions, runLayer } from "./block.ts";
import type { Model } from "./model.ts";
import type { Exit, State } from "./state.ts";

/** A finished forward pass. */
export interface Forwarded extends State {
  /** The tokens that pruning removed, in order of the layers. */
  exits: Exit[];
}

/**
 * Takes the stream through all blocks. Run it in `tidy`.
 *
 * @param start What comes out of the embedding; it is freed.
 * @throws The reason of a layer's signal once that is aborted.
 */
export function runLayers(
  model: Model,
  start: State,
  optionsOf: (layer: number) => LayerOptions,
): Forwarded {
  let state = start;
  const exits: Exit[] = [];
  for (let layer = 0; layer < model.architecture.layers; layer++) {
    const options = optionsOf(layer);
    options.signal?.throwIfAborted();
    const next = tidy(() => runLayer(model, layer, state, options));
    state.hidden.dispose();
    state = next.state;
    if (next.exit) exits.push(next.exit);
  }
  return { ...state, exits };
}
