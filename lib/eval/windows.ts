import { require, seededRandom } from "../core/mod.ts";
import type { Model } from "../model/mod.ts";

/** How a text is cut. */
export interface WindowOptions {
  /** Tokens per window, start token included. */
  window: number;
  /** A token every window starts with; null takes the windows from the text as they come. */
  startToken: number | null;
}

/** The start token that belongs in front of every window of this model, if any. */
export function windowStartToken(model: Model): number | null {
  const { startToken, startsEveryWindow } = model.architecture;
  return startsEveryWindow ? startToken : null;
}

/**
 * Cuts a text's tokens into windows, the tail dropped (GPTQ, datautils.py and opt_eval).
 *
 * @throws {InputError} If the window is below 2 or the text shorter than one window.
 */
export function cutWindows(
  ids: Int32Array,
  { window, startToken }: WindowOptions,
): Int32Array[] {
  const length = textTokens(window, startToken);
  const count = Math.floor(ids.length / length);
  require(count > 0, "cut windows", `the text must have at least ${length} tokens`, ids.length);
  return Array.from(
    { length: count },
    (_, index) => windowAt(ids, index * length, length, startToken),
  );
}

/**
 * Draws calibration windows as the reference code does: `random.seed(seed)`, then
 * `randint(0, tokens - window - 1)` per window (GPTQ, datautils.py).
 *
 * @throws {InputError} If the text is too short.
 */
export function drawWindows(
  ids: Int32Array,
  { window, startToken, count, seed }: WindowOptions & { count: number; seed: number },
): Int32Array[] {
  const length = textTokens(window, startToken);
  require(
    ids.length > length,
    "draw calibration windows",
    `the text must have more than ${length} tokens`,
    ids.length,
  );
  const random = seededRandom(seed);
  return Array.from(
    { length: count },
    () => windowAt(ids, random.integer(0, ids.length - length - 1), length, startToken),
  );
}

/** How many tokens of text a window holds. */
function textTokens(window: number, startToken: number | null): number {
  require(
    Number.isInteger(window) && window >= 2,
    "cut windows",
    "window must be an integer of 2 or more",
    window,
  );
  return startToken === null ? window : window - 1;
}

function windowAt(ids: Int32Array, from: number, length: number, startToken: number | null) {
  const text = ids.subarray(from, from + length);
  return startToken === null ? text.slice() : Int32Array.of(startToken, ...text);
}
