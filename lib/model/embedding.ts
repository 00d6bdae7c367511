import { require } from "../core/mod.ts";
import { tf } from "../tensor/mod.ts";
import type { Architecture } from "./architecture.ts";
import { normalize } from "./norm.ts";
import type { Outer } from "./open_outer.ts";
import type { State } from "./state.ts";

/**
 * Embeds tokens: the state before the first block. Run it in `tidy`.
 *
 * @param ids `batch` windows of equal length, one after the other.
 * @param first Where in its window the first token stands: how many came before.
 * @throws {InputError} If an id is outside the vocabulary or the window is too long.
 */
export function embedTokens(
  architecture: Architecture,
  outer: Outer,
  ids: Int32Array,
  batch = 1,
  first = 0,
): State {
  const tokens = ids.length / batch;
  checkIds(architecture, ids, first + tokens);
  let hidden = outer.embedding.rows(ids);
  const positions = Int32Array.from({ length: tokens }, (_, index) => first + index);
  if (outer.projectIn) hidden = outer.projectIn.apply(hidden);
  if (architecture.positions.kind === "learned") {
    const { offset } = architecture.positions;
    const rows = ids.map((_, index) => positions[index % tokens] + offset);
    hidden = tf.add(hidden, outer.positionEmbedding!.rows(rows));
  }
  if (architecture.embeddingNorm) hidden = normalize(architecture, outer.embeddingNorm, hidden);
  return { hidden, positions, batch };
}

function checkIds(
  { maxPositions, vocabularySize }: Architecture,
  ids: Int32Array,
  window: number,
): void {
  const action = "run the model";
  const fits = Number.isInteger(window) && window >= 1 && window <= maxPositions;
  require(fits, action, `a window must have 1..${maxPositions} tokens`, window);
  const stranger = ids.find((id) => id < 0 || id >= vocabularySize);
  const rule = `token ids must be 0..${vocabularySize - 1}`;
  require(stranger === undefined, action, rule, stranger);
}
