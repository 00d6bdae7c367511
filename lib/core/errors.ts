/**
 * The one error for bad input: arguments, files, flags, tensors a caller handed over.
 *
 * Its message states action, rule and value, as in
 * `Cannot quantize: bits must be 2..8, got 9`. Command-line tools print the
 * problems alone and exit with status 2; any other error is a defect of ours.
 */
export class InputError extends Error {
  override name = "InputError";

  /** What is wrong, one line each; the message joins them, as far as it has room for them. */
  readonly problems: readonly string[];

  /** @param problems Made {@linkcode printable}: they may hold names and values from a stranger's file. */
  constructor(...problems: string[]) {
    super(printable(problems.join("; ")));
    this.problems = problems.map(printable);
  }
}

/** The longest text that {@linkcode printable} lets through. */
const longestLine = 2000;

/** The longest value shown, in characters. */
const longestValue = 120;

/**
 * Text from a file as one line that does nothing to a terminal: line breaks become spaces, other
 * control and format characters their code points, such as `\u{1b}`, and the end of a very long text
 * is left out.
 */
export function printable(text: string): string {
  return shortened(text, longestLine).replace(/\s*[\n\r\u2028\u2029]\s*/gu, " ").replace(
    /[\p{Cc}\p{Cf}\p{Cs}]/gu,
    (character) => `\\u{${character.codePointAt(0)!.toString(16)}}`,
  );
}

/** The beginning of a long name or value, so that a message has room for the rest. */
export function shortened(text: string, longest = longestValue): string {
  return text.length > longest ? `${text.slice(0, longest - 3)}...` : text;
}

/**
 * Throws an {@linkcode InputError} reading `Cannot ACTION: RULE, got VALUE`.
 *
 * @param action What was attempted, e.g. `quantize`.
 * @param rule What must hold, e.g. `bits must be 2..8`.
 * @param value What was found; left out of the message when `undefined`.
 */
export function refuse(action: string, rule: string, value?: unknown): never {
  const found = value === undefined ? "" : `, got ${describe(value)}`;
  throw new InputError(`Cannot ${action}: ${rule}${found}`);
}

/** Throws as {@linkcode refuse} does unless `condition` holds. */
export function require(
  condition: boolean,
  action: string,
  rule: string,
  value?: unknown,
): asserts condition {
  if (!condition) refuse(action, rule, value);
}

function describe(value: unknown): string {
  if (typeof value === "number" || typeof value === "bigint") {
    return String(value);
  }
  if (ArrayBuffer.isView(value)) {
    value = Array.from((value as unknown as Float32Array).subarray(0, longestValue));
  }
  // A part takes a character or more: of a large value no more is looked at than is shown.
  let left = longestValue;
  const text = JSON.stringify(value, (_key, part) => left-- > 0 ? beginning(part) : undefined) ??
    String(value);
  return shortened(text);
}

/** As much of a value as can be shown. */
function beginning(part: unknown): unknown {
  if (typeof part === "string" || Array.isArray(part)) return part.slice(0, longestValue);
  if (typeof part === "bigint") return String(part); // JSON has none
  if (typeof part !== "object" || part === null) return part;
  const entries: [string, unknown][] = [];
  for (const key in part) {
    if (!Object.hasOwn(part, key)) continue;
    const shown = (part as Record<string, unknown>)[key];
    if (entries.push([key.slice(0, longestValue), shown]) === longestValue) break;
  }
  return Object.fromEntries(entries);
}
