import fc from "fast-check";
import { assert } from "@std/assert";
import { gzipSync } from "node:zlib";
import { joinRows, readRows } from "../../lib/io/mod.ts";
import type { Reader } from "./fuzz_reader.ts";
import { changedJson } from "./changed_json.ts";
import { changedBytes } from "./mutations.ts";
import { changedParquet } from "./changed_parquet.ts";

/** What reads the texts of data sets. */
export const datasetReaders: Record<string, Reader> = {
  parquet: {
    file: "rows.parquet",
    prepare: changedParquet,
    read: readAll("rows.parquet"),
  },
  "json lines": {
    file: "rows.jsonl",
    prepare: () => changedJson({ text: "one", url: "u" }, { sentence: "two" }),
    read: readAll("rows.jsonl"),
  },
  "gzipped lines": {
    file: "rows.json.gz",
    prepare() {
      const lines = new TextEncoder().encode('{"text":"one"}\n{"text":"two"}\n');
      const rows = changedJson({ text: "one", url: "u" });
      return fc.oneof(changedBytes(gzipSync(lines)), rows.map((row) => gzipSync(row)));
    },
    read: readAll("rows.json.gz"),
  },
};

/** All texts, and the first few. */
function readAll(file: string): Reader["read"] {
  return async (folder) => {
    const path = `${folder}/${file}`;
    const rows = await readRows(path);
    const first = await readRows(path, { limit: 2 });
    const texts = [rows, first].map((each) => joinRows(each, "\n", path));
    assert(texts[0].startsWith(texts[1]));
  };
}
