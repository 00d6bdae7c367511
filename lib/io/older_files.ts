import { exists } from "./files.ts";

/**
 * How to convert what older tools have left in a folder, to go behind a rule that it breaks; empty if
 * nothing of the kind is there.
 *
 * @param names Files that are not read here, of which Python's Transformers makes one that is.
 * @param loader Its class that reads them.
 */
export async function conversionHint(
  folder: string,
  names: readonly string[],
  loader: string,
): Promise<string> {
  for (const name of names) {
    if (!await exists(`${folder}/${name}`)) continue;
    return `; ${name} is not read, but this, run in the folder, converts it: python -c "from ` +
      `transformers import ${loader} as A; A.from_pretrained('.').save_pretrained('.')"`;
  }
  return "";
}
