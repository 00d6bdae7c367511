/**
 * The one error for bad input: arguments, files, flags, tensors a caller handed over.
 *
 * Its message states action, rule and value, as in
 * `Cannot quantize: bits must be 2..8, got 9`. Command-line tools print the
 * message alone and exit with status 2; any other error is a defect of ours.
 */
export class InputError extends Error {
  override name = "InputError";
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
    value = Array.from(value as unknown as ArrayLike<number>);
  }
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 120 ? `${text.slice(0, 117)}...` : text;
}
