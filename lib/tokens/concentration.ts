import { require } from "../core/mod.ts";
import { type AttentionShape, requireAttention } from "./attention_shape.ts";

/** Where attention goes, as shares of it, beside what equal attention to all visible tokens gives. */
export interface AttentionConcentration {
  /** Mean attention to the first token of the window: the stripe of figure 1. */
  start: number;
  startIfUniform: number;
  /** Mean attention to the nearest tokens, the token itself included: the diagonal of figure 1. */
  local: number;
  localIfUniform: number;
}

/**
 * How much of the attention goes to the first token and to the nearest `distance` tokens, averaged
 * over heads and over the queries that have more than `distance` tokens before them, so that the two
 * shares never count the same token.
 *
 * @param probabilities Causal softmax output `[heads, tokens, tokens]`: head, query, key.
 * @param distance How many keys up to the query itself count as near, 1..tokens-1.
 * @throws {InputError} If the distance is out of range or the shape does not fit.
 */
export function attentionConcentration(
  probabilities: Float32Array,
  shape: AttentionShape,
  distance: number,
): AttentionConcentration {
  requireAttention(probabilities, shape);
  const { heads, tokens } = shape;
  require(
    Number.isInteger(distance) && distance >= 1 && distance < tokens,
    "measure attention",
    `distance must be 1..${tokens - 1}`,
    distance,
  );
  let [start, startIfUniform, local, localIfUniform] = [0, 0, 0, 0];
  for (let query = distance; query < tokens; query++) {
    startIfUniform += heads / (query + 1);
    localIfUniform += heads * distance / (query + 1);
    for (let head = 0; head < heads; head++) {
      const row = (head * tokens + query) * tokens;
      start += probabilities[row];
      for (let key = query - distance + 1; key <= query; key++) local += probabilities[row + key];
    }
  }
  const count = heads * (tokens - distance);
  return {
    start: start / count,
    startIfUniform: startIfUniform / count,
    local: local / count,
    localIfUniform: localIfUniform / count,
  };
}

/** The mean of the heads' maps, `[tokens, tokens]`. */
export function meanMap(probabilities: Float32Array, shape: AttentionShape): Float32Array {
  requireAttention(probabilities, shape);
  const { heads, tokens } = shape;
  return Float32Array.from({ length: tokens * tokens }, (_, cell) => {
    let sum = 0;
    for (let head = 0; head < heads; head++) sum += probabilities[head * tokens * tokens + cell];
    return sum / heads;
  });
}
