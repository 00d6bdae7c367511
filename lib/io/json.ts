import { refuse, require } from "../core/mod.ts";

/** Far more than any file read here has; what looks into a value recursively stays far from its end. */
const deepest = 100;

/**
 * Parses JSON that came from a file, and refuses what `JSON.parse` lets through: an object that
 * has a key twice, of which `JSON.parse` would silently keep the last, and arrays and objects in each
 * other more than 100 deep, which cost a great deal of memory for their length.
 *
 * @param path The file, for the message.
 * @param part What of the file the text is, for the message.
 * @throws {InputError} If the text is not JSON, repeats a key or is nested too deeply.
 */
export function parseJson(text: string, path: string, part = "file"): unknown {
  const shallow = !isDeeperThan(deepest, text);
  require(
    shallow,
    `read ${path}`,
    `the ${part} must nest arrays and objects at most ${deepest} deep`,
  );
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    refuse(`read ${path}`, `the ${part} must be JSON`, (error as Error).message);
  }
  const repeated = repeatedKey(text);
  if (repeated !== undefined) refuse(`read ${path}`, `the ${part} must not repeat a key`, repeated);
  return value;
}

/** Whether a parsed value is a JSON object: neither null nor an array. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Whether brackets of this text, JSON or not, are nested more deeply; those in strings do not count. */
function isDeeperThan(limit: number, text: string): boolean {
  let depth = 0;
  for (let at = 0; at < text.length; at++) {
    const character = text[at];
    if (character === "[" || character === "{") {
      if (++depth > limit) return true;
    } else if (character === "]" || character === "}") depth--;
    else if (character === '"') at = closingQuote(text, at);
  }
  return false;
}

/** The first key that an object of this valid JSON has twice. */
function repeatedKey(json: string): string | undefined {
  const open: Set<string>[] = [];
  for (let at = 0; at < json.length; at++) {
    const character = json[at];
    if (character === "{") open.push(new Set());
    else if (character === "}") open.pop();
    else if (character === '"') {
      const start = at;
      at = closingQuote(json, start);
      if (!followedByColon(json, at)) continue;
      const keys = open[open.length - 1];
      const key: string = JSON.parse(json.slice(start, at + 1));
      if (keys.has(key)) return key;
      keys.add(key);
    }
  }
}

/** Where a string ends; the end of the text if it does not. */
function closingQuote(json: string, openingQuote: number): number {
  let at = openingQuote + 1;
  while (at < json.length && json[at] !== '"') at += json[at] === "\\" ? 2 : 1;
  return at;
}

function followedByColon(json: string, closingQuote: number): boolean {
  const afterSpace = /\s*:/y;
  afterSpace.lastIndex = closingQuote + 1;
  return afterSpace.test(json);
}
