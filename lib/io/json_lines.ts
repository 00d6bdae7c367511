import { createReadStream } from "node:fs";
import { pipeline } from "node:stream";
import { createGunzip } from "node:zlib";
import { InputError, refuse, require } from "../core/mod.ts";
import { decodeText, openFile } from "./files.ts";
import { isObject, parseJson } from "./json.ts";
import { type RowOptions, type Rows, textColumn } from "./rows.ts";

const chunkBytes = 1 << 18;
const lineEnd = "\n".charCodeAt(0);

/**
 * Reads a file with a JSON object in each line; one that ends in .gz is decompressed. Lines stay as they
 * are until their text is asked for. They are held outside of V8's heap: there may be gigabytes.
 *
 * @throws {InputError} If the file cannot be read or decompressed.
 */
export async function readJsonLines(
  path: string,
  { column, limit = Infinity }: RowOptions = {},
): Promise<Rows> {
  (await openFile(path)).close(); // refused by name, if at all
  const lines: Uint8Array[] = [];
  try {
    for await (const line of linesOf(path)) {
      if (lines.length >= limit) break;
      if (line.length > 0) lines.push(line);
    }
  } catch (error) {
    if (error instanceof InputError) throw error;
    const rule = "the system must allow it, and a .gz be whole and compressed by gzip";
    refuse(`read ${path}`, rule, (error as Error).message);
  }
  const text = (index: number) => {
    const part = `object in row ${index}`;
    const row = parseJson(decodeText(lines[index], path, part), path, part);
    require(isObject(row), `read ${path}`, `row ${index} must be a JSON object`, row);
    const value = row[textColumn(Object.keys(row), path, column)];
    require(typeof value === "string", `read ${path}`, `row ${index} must have a text`, value);
    return value;
  };
  return { length: lines.length, text };
}

async function* linesOf(path: string): AsyncGenerator<Uint8Array> {
  let begun: Uint8Array[] = [];
  for await (const chunk of chunksOf(path)) {
    let from = 0;
    for (let to; (to = chunk.indexOf(lineEnd, from)) >= 0; from = to + 1) {
      yield joined([...begun, chunk.subarray(from, to)]);
      begun = [];
    }
    begun.push(chunk.subarray(from));
  }
  yield joined(begun);
}

function chunksOf(path: string): AsyncIterable<Uint8Array> {
  const bytes = createReadStream(path, { highWaterMark: chunkBytes });
  if (!path.endsWith(".gz")) return bytes;
  // What goes wrong with either ends the other, and is thrown where the chunks are asked for.
  return pipeline(bytes, createGunzip({ chunkSize: chunkBytes }), () => {});
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}
