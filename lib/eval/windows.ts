import { counted, require, seededRandom } from "../core/mod.ts";
import { prependToken, type StartToken } from "../model/mod.ts";

/** How a text is cut. */
export interface WindowOptions {
  /** Tokens per window, start token included. */
  window: number;
  /** Of the text, whose ids come without it. */
  startToken: StartToken;
  /** What messages call the text. */
  label?: string;
}

/**
 * Cuts a text's tokens into windows, the tail dropped (GPTQ, datautils.py and opt_eval). A window
 * that does not begin with a start token of its own is a view of the text.
 *
 * @throws {InputError} If the window is below 2 or the text shorter than one window.
 */
export function cutWindows(ids: Int32Array, options: WindowOptions): Int32Array[] {
  const { label = "the text" } = options;
  const action = "cut windows";
  const { tokens, length, windowAt } = windowsOf(ids, options, action);
  const count = Math.floor(tokens / length);
  require(count > 0, action, `${label} must have at least ${counted(length, "token")}`, tokens);
  return Array.from({ length: count }, (_, index) => windowAt(index * length));
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
  { count, seed, ...options }: WindowOptions & { count: number; seed: number },
): Int32Array[] {
  const { label = "the text" } = options;
  const action = "draw calibration windows";
  const { tokens, length, windowAt } = windowsOf(ids, options, action);
  require(Number.isInteger(count) && count > 0, action, "count must be 1 or more", count);
  require(
    tokens > length,
    action,
    `${label} must have more than ${counted(length, "token")}`,
    tokens,
  );
  const random = seededRandom(seed);
  const draw = () => windowAt(random.integer(0, tokens - length - 1));
  return Array.from({ length: count }, draw);
}

/** Texts that windows are drawn from, one of each. */
export interface TextPool {
  readonly length: number;
  /** The tokens of a text, without start token. */
  ids(index: number): Int32Array;
}

/**
 * Draws windows from many texts as the reference code does for C4 (GPTQ, datautils.py): a text by
 * `randint(0, texts - 1)`, anew until one is longer than a window, then the place of the window in it.
 * A start token that stands once stands in front of each text. The reference code fails at a text of
 * just the window's length; here it counts as too short.
 *
 * @throws {InputError} If the window is below 2, the count below 1 or all texts are too short.
 */
export function drawWindowsOfTexts(
  texts: TextPool,
  { count, seed, ...options }: WindowOptions & { count: number; seed: number },
): Int32Array[] {
  const { window, label = "the texts" } = options;
  const action = "draw windows";
  require(Number.isInteger(count) && count > 0, action, "count must be 1 or more", count);
  const random = seededRandom(seed);
  const tooShort = new Set<number>();
  const draw = () => {
    for (;;) {
      const rule = `${label} must have a row of more than ${counted(window, "token")}`;
      require(tooShort.size < texts.length, action, rule);
      const index = random.integer(0, texts.length - 1);
      if (tooShort.has(index)) continue;
      const { tokens, length, windowAt } = windowsOf(texts.ids(index), options, action);
      if (tokens > length) return windowAt(random.integer(0, tokens - length - 1));
      tooShort.add(index);
    }
  };
  return Array.from({ length: count }, draw);
}

/** The tokens of a text that windows were cut from, up to the dropped tail, without start token. */
export function joinWindows(windows: Int32Array[], startToken: StartToken): Int32Array {
  const { place } = startToken;
  const parts = windows.map((window, index) => {
    const starts = place === "window" ||
      place === "once" && index === 0 && window[0] === startToken.id;
    return starts ? window.subarray(1) : window;
  });
  return Int32Array.from(parts.flatMap((part) => Array.from(part)));
}

/**
 * A text with its start token, ready to be cut: how many tokens there are, how many of them a window
 * takes, and the window at an offset.
 */
function windowsOf(ids: Int32Array, { window, startToken }: WindowOptions, action: string) {
  const isValid = Number.isInteger(window) && window >= 2;
  require(isValid, action, "window must be an integer of 2 or more", window);
  const { place } = startToken;
  const text = place === "once" ? prependToken(startToken.id, ids) : ids;
  const length = place === "window" ? window - 1 : window;
  const windowAt = (from: number) => {
    const part = text.subarray(from, from + length);
    return place === "window" ? prependToken(startToken.id, part) : part;
  };
  return { tokens: text.length, length, windowAt };
}
