import { require } from "../core/mod.ts";
import { tidy } from "../tensor/mod.ts";
import type { ForwardOptions } from "./block.ts";
import { embedTokens } from "./embedding.ts";
import type { Model } from "./model.ts";
import { type Forwarded, runLayers } from "./run_layers.ts";

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
    const start = tidy(() => embedTokens(model, ids, batch));
    return runLayers(model, start, () => options);
  });
}
