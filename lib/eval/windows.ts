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
  const action = "cut windows";
  const length = textTokens(action, window, startToken);
  const count = Math.floor(ids.length / length);
  require(count > 0, action, `the text must have at least ${length} tokens`, ids.length);
  return Array.from(
    { length: count },
    (_, index) => windowAt(ids, index * length, length, startToken),
  );
}

/**
 * Draws calibration windows as the reference code does: `random.seed(seed)`, then
 * `randint(0, tokens - window - 1)` per window (GPTQ, datautils.py). Windows may overlap. Where every
 * window begins with a start token, `window - 1` tokens of text take the place of `window`.
 *
 * @param options.count How many windows, at least 1.
 * @throws {InputError} If the window is below 2, the count below 1 or the text too short.
 */
export function drawWindows(
  ids: Int32Array,
  { window, startToken, count, seed }: WindowOptions & { count: number; seed: number },
): Int32Array[] {
  const action = "draw calibration windows";
  const length = textTokens(action, window, startToken);
  require(Number.isInteger(count) && count > 0, action, "count must be 1 or more", count);
  require(
    ids.length > length,
    action,
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
function textTokens(action: string, window: number, startToken: number | null): number {
  require(
    Number.isInteger(window) && window >= 2,
    action,
    "window must be an integer of 2 or more",
    window,
  );
  return startToken === null ? window : window - 1;
}

function windowAt(ids: Int32Array, from: number, length: number, startToken: number | null) {
  const text = ids.subarray(from, from + length);
  return startToken === null ? text.slice() : Int32Array.of(startToken, ...text);
}
