import { closingQuote, deepestJson, isTooDeep, refuse, require } from "../core/mod.ts";

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
  const rule = `the ${part} must nest arrays and objects at most ${deepestJson} deep`;
  require(!isTooDeep(text), `read ${path}`, rule);
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

function followedByColon(json: string, closingQuote: number): boolean {
  const afterSpace = /\s*:/y;
  afterSpace.lastIndex = closingQuote + 1;
  return afterSpace.test(json);
}
