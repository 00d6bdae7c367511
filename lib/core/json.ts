import { refuse } from "./errors.ts";
import { deepestJson, isTooDeep } from "./json_depth.ts";

/**
 * JSON of plain data, with NaN and the infinities kept as the strings `"NaN"`, `"Infinity"` and
 * `"-Infinity"`: a diverged model has an infinite perplexity, and plain JSON would turn it into null.
 *
 * @param value Nested arrays and objects of null, booleans, numbers and strings. Undefined
 *   properties are left out.
 * @param indent Spaces per level; 0 writes one line.
 * @throws {InputError} If some part is anything else, naming that part.
 */
export function encodeJson(value: unknown, indent = 0): string {
  return JSON.stringify(plain(value, "value", (keys) => keys), null, indent);
}

/**
 * One text per value: as {@linkcode encodeJson} on one line, with the keys of objects sorted.
 *
 * @throws {InputError} If some part is not plain data.
 */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(plain(value, "value", (keys) => keys.sort()));
}

/**
 * The inverse of {@linkcode encodeJson}.
 *
 * @throws {SyntaxError} If the text is not JSON, or nests arrays and objects more than 100 deep.
 */
export function decodeJson(text: string): unknown {
  if (isTooDeep(text)) throw new SyntaxError(`JSON must be at most ${deepestJson} deep`);
  return JSON.parse(text, (_key, value) => nonFinite.has(value) ? Number(value) : value);
}

const nonFinite = new Set<unknown>(["NaN", "Infinity", "-Infinity"]);

function plain(value: unknown, path: string, order: (keys: string[]) => string[]): unknown {
  if (value === null || typeof value === "boolean" || typeof value === "string") return value;
  if (typeof value === "number") return Number.isFinite(value) ? value : String(value);
  if (Array.isArray(value)) {
    return value.map((item, index) => plain(item, `${path}[${index}]`, order));
  }
  if (typeof value === "object" && Object.getPrototypeOf(value) === Object.prototype) {
    const record = value as Record<string, unknown>;
    const keys = Object.keys(record).filter((key) => record[key] !== undefined);
    return Object.fromEntries(
      order(keys).map((key) => [key, plain(record[key], `${path}.${key}`, order)]),
    );
  }
  refuse("write JSON", `${path} must be plain data`, value?.constructor.name ?? "undefined");
}
