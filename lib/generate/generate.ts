import { require, seededRandom } from "../core/mod.ts";
import {
  blameNonFiniteSite,
  type DescribedModel,
  extend,
  type ForwardOptions,
  logits,
  type Model,
  type OpenModel,
  openModel,
  startCache,
} from "../model/mod.ts";
import { tensorData, tf, tidy } from "../tensor/mod.ts";
import { sampleToken, type SamplingOptions } from "./sampling.ts";

/** How a text is continued. */
export interface GenerateOptions extends SamplingOptions, Omit<ForwardOptions, "pruning"> {
  /** At most how many tokens are generated. */
  tokens: number;
  /** Of the draws, an integer in 0..2^32-1. */
  seed?: number;
  /** Generating stops before these tokens. */
  endTokens?: ReadonlySet<number>;
}

/**
 * Refuses a prompt that {@linkcode generate} would refuse to continue by so many tokens.
 *
 * @throws {InputError} If prompt and tokens do not fit the model's window.
 */
export function requireRoom(
  { name, architecture: { maxPositions } }: DescribedModel,
  prompt: Int32Array,
  tokens: number,
): void {
  const rule = `prompt and tokens must number at most ${maxPositions} with ${name}`;
  const total = prompt.length + tokens;
  require(total <= maxPositions, "generate", rule, total);
}

/**
 * Opens a model, continues a prompt as {@linkcode generate} does, and closes it.
 *
 * @returns The generated tokens.
 * @throws {InputError} As {@linkcode generate} and `openModel` do.
 */
export async function continuePrompt(
  model: Model,
  prompt: Int32Array,
  options: GenerateOptions,
): Promise<number[]> {
  using open = await openModel(model);
  return [...generate(open, prompt, options)];
}

/**
 * Continues a prompt token by token. The first step runs the whole prompt, every later one a single
 * token; between two steps no tensors are kept.
 *
 * @param prompt Token ids, at least one.
 * @throws {InputError} At the first step, if prompt and tokens do not fit the model's window, an id
 *   is outside the vocabulary, or the temperature, topK or seed is out of range. At any step, if the
 *   model gives NaN: the message names what is not finite first.
 */
export function* generate(
  model: OpenModel,
  prompt: Int32Array,
  options: GenerateOptions,
): Generator<number, void, void> {
  const { tokens, seed = 0, endTokens, cache: precision } = options;
  requireRoom(model, prompt, tokens);
  const random = seededRandom(seed);
  let cache = startCache(model, precision);
  let ids = prompt;
  const text = [...prompt];
  try {
    for (let count = 0; count < tokens; count++) {
      const token = tidy(() => {
        const extended = extend(model, cache, ids, options);
        cache[Symbol.dispose]();
        cache = extended.cache;
        const last = tf.slice(extended.hidden, [ids.length - 1, 0]);
        const scores = tensorData(logits(model, last));
        if (scores.includes(NaN)) {
          blameNonFiniteSite("generate", model, Int32Array.from(text), options);
        }
        return sampleToken(scores, options, random);
      });
      if (endTokens?.has(token)) return;
      yield token;
      text.push(token);
      ids = Int32Array.of(token);
    }
  } finally {
    cache[Symbol.dispose]();
  }
}
