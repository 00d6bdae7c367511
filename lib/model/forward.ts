import { require } from "../core/mod.ts";
import { tidy } from "../tensor/mod.ts";
import { type ForwardOptions, runLayer } from "./block.ts";
import { embedTokens } from "./embedding.ts";
import type { Model } from "./model.ts";
import type { Exit, State } from "./state.ts";

/** A finished forward pass. */
export interface Forwarded extends State {
  /** The tokens that pruning removed, in order of the layers. */
  exits: Exit[];
}

/**
 * Runs tokens through all blocks. Frees everything but what it returns.
 *
 * @param ids `batch` windows of equal length, one after the other.
 * @returns The stream before the final norm, which `logits` reads.
 * @throws {InputError} If an id is outside the vocabulary, the window too long, or pruning asked
 *   for at a layer that does not exist, by a ratio outside [0, 1) or in a batch of several windows.
 */
export function forward(
  model: Model,
  ids: Int32Array,
  options: ForwardOptions = {},
  batch = 1,
): Forwarded {
  const { layers } = model.architecture;
  for (const layer of options.pruning?.ratios.keys() ?? []) {
    const exists = Number.isInteger(layer) && layer >= 0 && layer < layers;
    require(exists, "prune tokens", `layers must be 0..${layers - 1}`, layer);
  }
  return tidy(() => {
    let state = tidy(() => embedTokens(model, ids, batch));
    const exits: Exit[] = [];
    for (let layer = 0; layer < layers; layer++) {
      const next = tidy(() => runLayer(model, layer, state, options));
      state.hidden.dispose();
      state = next.state;
      if (next.exit) exits.push(next.exit);
    }
    return { ...state, exits };
  });
}
