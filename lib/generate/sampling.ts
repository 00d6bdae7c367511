import { type Random, require } from "../core/mod.ts";

/** How the next token is chosen. */
export interface SamplingOptions {
  /** Divides the logits: 0 takes the most likely token, 1 draws from the model's distribution. */
  temperature: number;
  /** Draws from this many most likely tokens, at least 1; from all if absent. */
  topK?: number;
}

/**
 * Chooses a token.
 *
 * @param logits `[vocabulary]`; -Infinity excludes a token.
 * @param random Asked once, and only if the temperature is above 0.
 * @throws {InputError} As {@linkcode tokenProbabilities}.
 */
export function sampleToken(
  logits: Float32Array,
  options: SamplingOptions,
  random: Random,
): number {
  const probabilities = tokenProbabilities(logits, options);
  if (options.temperature === 0) return probabilities.indexOf(1);
  let left = random.uniform();
  let last = 0;
  for (let token = 0; token < probabilities.length; token++) {
    if (probabilities[token] === 0) continue;
    last = token;
    left -= probabilities[token];
    if (left < 0) break;
  }
  return last;
}

/**
 * The distribution that {@linkcode sampleToken} draws from: the softmax of `logits / temperature`
 * over the `topK` highest logits, 0 elsewhere. Of equal logits the lower token counts as higher.
 *
 * @param logits `[vocabulary]`
 * @returns `[vocabulary]`, of sum 1.
 * @throws {InputError} If the temperature is negative, topK no positive integer, or no logit is
 *   finite or one NaN or +Infinity.
 */
export function tokenProbabilities(
  logits: Float32Array,
  { temperature, topK = logits.length }: SamplingOptions,
): Float64Array {
  const action = "sample a token";
  const isRange = temperature >= 0 && temperature < Infinity;
  require(isRange, action, "temperature must be 0 or more", temperature);
  const isCount = Number.isInteger(topK) && topK >= 1;
  require(isCount, action, "topK must be an integer of 1 or more", topK);
  let largest = -Infinity;
  for (const logit of logits) largest = Math.max(largest, logit);
  require(Number.isFinite(largest), action, "the largest logit must be finite", largest);

  const probabilities = new Float64Array(logits.length);
  if (temperature === 0) {
    probabilities[logits.indexOf(largest)] = 1;
    return probabilities;
  }
  let sum = 0;
  for (const token of highest(logits, topK)) {
    probabilities[token] = Math.exp((logits[token] - largest) / temperature);
    sum += probabilities[token];
  }
  return probabilities.map((power) => power / sum);
}

/** The tokens of the `count` highest logits, ascending; of equal logits the lower tokens. */
function highest(logits: Float32Array, count: number): Iterable<number> {
  if (count >= logits.length) return logits.keys();
  const sorted = logits.toSorted();
  const threshold = sorted[logits.length - count];
  let ties = count - (logits.length - 1 - sorted.lastIndexOf(threshold));
  const tokens: number[] = [];
  logits.forEach((logit, token) => {
    if (logit > threshold || logit === threshold && ties-- > 0) tokens.push(token);
  });
  return tokens;
}
