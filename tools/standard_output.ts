import { type Table, toText } from "../lib/report/mod.ts";

/** Writes text to standard output, all of it: as it is, or {@linkcode harmless} to a terminal. */
export async function writeText(text: string): Promise<void> {
  const shown = Deno.stdout.isTerminal() ? harmless(text) : text;
  const bytes = new TextEncoder().encode(shown);
  for (let written = 0; written < bytes.length;) {
    written += await Deno.stdout.write(bytes.subarray(written));
  }
}

/** Text that does nothing to a terminal: control characters but tabs and line breaks as code points. */
export function harmless(text: string): string {
  return text.replace(
    /(?![\n\t])\p{Cc}/gu,
    (character) => `\\u{${character.codePointAt(0)!.toString(16)}}`,
  );
}

/** Prints a table as wide as the terminal. */
export function printTable(table: Table): void {
  const width = Deno.stdout.isTerminal() ? Deno.consoleSize().columns : 160;
  console.log(toText(table, width));
}
