import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { InputError } from "../../lib/core/mod.ts";
import { readJsonLines } from "../../lib/io/json_lines.ts";
import { withFolder } from "./temporary_folder.ts";

const texts = ["one", "", "two\nlines", "Zürich", "x".repeat(700_000)];
const lines = texts.map((text) => JSON.stringify({ url: "u", text })).join("\n");

for (
  const [name, content] of [
    ["a.json", lines],
    ["b.jsonl", `${lines}\n`],
    ["c.json.gz", gzipSync(`\n${lines}\n`)],
    ["d.jsonl.gz", new Uint8Array([...gzipSync(lines.slice(0, 30)), ...gzipSync(lines.slice(30))])],
  ] as const
) {
  Deno.test(`readJsonLines() reads ${name}`, () =>
    withFolder(async (folder) => {
      const path = `${folder}/${name}`;
      const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
      await Deno.writeFile(path, bytes);
      const rows = await readJsonLines(path);
      assertEquals(Array.from({ length: rows.length }, (_, index) => rows.text(index)), texts);
      const first = await readJsonLines(path, { limit: 3, column: "text" });
      assertEquals([first.length, first.text(2)], [3, "two\nlines"]);
    }));
}

Deno.test("readJsonLines() is JSON.parse of every line", () =>
  withFolder(async (folder) => {
    const path = `${folder}/a.json`;
    await fc.assert(
      fc.asyncProperty(fc.array(fc.string({ unit: "grapheme" })), async (texts) => {
        await Deno.writeTextFile(path, texts.map((text) => JSON.stringify({ text })).join("\n"));
        const rows = await readJsonLines(path);
        assertEquals(Array.from({ length: rows.length }, (_, index) => rows.text(index)), texts);
      }),
      { numRuns: 50 },
    );
  }));

Deno.test("readJsonLines() refuses a row that has no text when it is asked for", () =>
  withFolder(async (folder) => {
    const path = `${folder}/a.json`;
    const bad = ["[1]", '{"text":1}', '{"a":""}', "{", '{"text":"a","text":"b"}'];
    await Deno.writeTextFile(path, ['{"text":"fine"}', ...bad].join("\n"));
    const rows = await readJsonLines(path);
    const messages = [
      "row 1 must be a JSON object, got [1]",
      "row 2 must have a text, got 1",
      'it must have a column text or sentence, got ["a"]',
      "the object in row 4 must be JSON",
      "the object in row 5 must not repeat a key",
    ];
    for (const [index, message] of messages.entries()) {
      assertThrows(() => rows.text(index + 1), InputError, `Cannot read ${path}: ${message}`);
    }
  }));

Deno.test("readJsonLines() refuses a file that is missing, no gzip or cut short", () =>
  withFolder(async (folder) => {
    const path = `${folder}/a.json.gz`;
    const refused = (message: string) =>
      assertRejects(() => readJsonLines(path), InputError, `Cannot read ${path}: ${message}`);
    await refused("the file must exist");
    await Deno.writeTextFile(path, lines);
    await refused("the system must allow it, and a .gz be whole and compressed by gzip, got ");
    await Deno.writeFile(path, gzipSync(lines).subarray(0, 500));
    await refused("the system must allow it, and a .gz be whole and compressed by gzip, got ");
  }));
