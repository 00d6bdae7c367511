/** Far more than any file read here has; what looks into a value recursively stays far from its end. */
export const deepestJson = 100;

/**
 * Whether brackets of this text, JSON or not, are nested more deeply than {@linkcode deepestJson}; those in
 * strings do not count.
 */
export function isTooDeep(text: string): boolean {
  let depth = 0;
  for (let at = 0; at < text.length; at++) {
    const character = text[at];
    if (character === "[" || character === "{") {
      if (++depth > deepestJson) return true;
    } else if (character === "]" || character === "}") depth--;
    else if (character === '"') at = closingQuote(text, at);
  }
  return false;
}

/** Where a string ends that begins at a place; the end of the text if it does not. */
export function closingQuote(json: string, openingQuote: number): number {
  let at = openingQuote + 1;
  while (at < json.length && json[at] !== '"') at += json[at] === "\\" ? 2 : 1;
  return at;
}
