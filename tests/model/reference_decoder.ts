import type { ReferenceFamily } from "./reference_families.ts";
import { dot, softmax, softpick, type Vector } from "./reference_weights.ts";

/** A token on its way through the reference decoder. */
export interface ReferenceToken {
  /** Where it stood in the window. */
  position: number;
  hidden: Vector;
}

/** What the reference decoder does besides decoding. */
export interface ReferenceOptions {
  /** What becomes of every attention probability. */
  probability?: (probability: number) => number;
  /** Layer to share of the tokens that leave after its attention, by equation 4. */
  pruning?: { ratios: ReadonlyMap<number, number>; positions: "renumber" | "keep" };
}

/**
 * Decoder-only transformers in plain loops, float64, token by token and head by head, written from
 * the papers: slow and obvious. It shares no code with `lib/model`.
 *
 * @returns The tokens behind the last block, and those that left, in the order in which they left.
 */
export function runReference(
  family: ReferenceFamily,
  ids: ArrayLike<number>,
  { probability = (each) => each, pruning }: ReferenceOptions = {},
): { tokens: ReferenceToken[]; exits: ReferenceToken[] } {
  const exits: ReferenceToken[] = [];
  let tokens = Array.from(
    ids,
    (id, position): ReferenceToken => ({ position, hidden: family.embed(id, position) }),
  );
  for (let layer = 0; layer < family.layers; layer++) {
    const places = tokens.map(({ position }, index) =>
      pruning?.positions === "renumber" ? index : position
    );
    const { outputs, firstKeyScores } = attention(family, layer, tokens, places, probability);
    tokens = tokens.map(({ position, hidden }, index) => ({
      position,
      hidden: family.afterAttention(layer, hidden, outputs[index]),
    }));
    const count = Math.floor(tokens.length * (pruning?.ratios.get(layer) ?? 0));
    const leaving = tokens.map((_, index) => index).slice(1)
      .sort((a, b) => firstKeyScores[a] - firstKeyScores[b] || a - b)
      .slice(0, count);
    exits.push(...tokens.filter((_, index) => leaving.includes(index)));
    tokens = tokens.filter((_, index) => !leaving.includes(index));
    tokens = tokens.map(({ position, hidden }) => ({
      position,
      hidden: family.afterMlp(layer, hidden),
    }));
  }
  return { tokens, exits };
}

/** The heads of every token side by side, and `sum over heads of P[head, token, 0]`. */
function attention(
  family: ReferenceFamily,
  layer: number,
  tokens: ReferenceToken[],
  places: number[],
  probability: (probability: number) => number,
): { outputs: Vector[]; firstKeyScores: number[] } {
  const { heads, keyValueHeads, headDim } = family;
  const inputs = tokens.map(({ hidden }) => family.attentionInput(layer, hidden));
  const queries = inputs.map((input, i) => family.query(layer, input, places[i]));
  const keys = inputs.map((input, i) => family.key(layer, input, places[i]));
  const values = inputs.map((input) => family.value(layer, input));
  const ofHead = (x: Vector, head: number) => x.slice(head * headDim, (head + 1) * headDim);
  const outputs: Vector[] = tokens.map(() => []);
  const firstKeyScores = tokens.map(() => 0);
  for (let head = 0; head < heads; head++) {
    const owner = Math.floor(head / (heads / keyValueHeads));
    for (let query = 0; query < tokens.length; query++) {
      const logits = keys.slice(0, query + 1).map((key, place) =>
        family.sees(layer, places[query] - places[place])
          ? dot(ofHead(queries[query], head), ofHead(key, owner)) / Math.sqrt(headDim) +
            family.scoreBias(head, places[place] - places[query])
          : -Infinity
      );
      const probabilities = (family.softpick ? softpick : softmax)(logits).map(probability);
      firstKeyScores[query] += probabilities[0];
      for (let i = 0; i < headDim; i++) {
        const column = values.slice(0, query + 1).map((value) => ofHead(value, owner)[i]);
        outputs[query].push(dot(probabilities, column));
      }
    }
  }
  return { outputs, firstKeyScores };
}

/** The mean cross-entropy of the targets in nats, one target per input token. */
export function referenceLoss(
  family: ReferenceFamily,
  inputs: ArrayLike<number>,
  targets: ArrayLike<number>,
): number {
  const { tokens } = runReference(family, inputs);
  const losses = tokens.map(({ hidden }, i) =>
    -Math.log(softmax(family.logits(hidden))[targets[i]])
  );
  return losses.reduce((sum, loss) => sum + loss, 0) / losses.length;
}
