import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { readLines } from "../../lib/core/mod.ts";

/** The lines of bytes that come in chunks. */
function linesOf(chunks: Uint8Array[]): Promise<string[]> {
  return Array.fromAsync(readLines(ReadableStream.from(chunks)));
}

Deno.test("readLines() gives the lines of a text, however it is cut", async () => {
  const lines = fc.array(fc.string({ unit: "grapheme" }).map((line) => line.replaceAll("\n", "")));
  await fc.assert(
    fc.asyncProperty(lines, fc.integer({ min: 1, max: 9 }), async (lines, size) => {
      const bytes = new TextEncoder().encode(lines.map((line) => `${line}\n`).join(""));
      const chunks = Array.from(
        { length: Math.ceil(bytes.length / size) },
        (_, index) => bytes.slice(index * size, (index + 1) * size),
      );
      assertEquals(await linesOf(chunks), lines);
    }),
  );
});

Deno.test("readLines() leaves out a line that was not written to its end", async () => {
  assertEquals(await linesOf([new TextEncoder().encode('{"a":1}\n{"b":')]), ['{"a":1}']);
});
