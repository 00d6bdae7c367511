import { gzipSync } from "node:zlib";
import { joinRows, readRows } from "../../lib/io/mod.ts";
import type { Reader } from "./fuzz_reader.ts";
import { changedBytes, changedJson } from "./mutations.ts";

/** Five and fifteen texts in Parquet, plain and with Snappy; written by pyarrow 26.0.1. */
const sampleParquet = [
  "UEFSMRUEFU4VTkwVCBUAEgAAAwAAAG9uZQ8AAAB0d28gdHdvIHR3byB0d28AAAAABQAAAHRocmVlFQAVFBUULBUKFRAVBhUG" +
  "HAAAAAIAAAAKAQIDJAMVBBksNQAYBnNjaGVtYRUCABUMJQIYBHRleHQlAEwcAAAAFgoZHBkcJgAcFQwZNQAGEBkYBHRleHQV" +
  "ABYKFqQBFqQBJnImCCksFQQVABUCABUAFRAVAgA8FjQZBhkmAAoAAAAWpAEWCiYIFqQBACggcGFycXVldC1jcHAtYXJyb3cg" +
  "dmVyc2lvbiAyNi4wLjEZHBwAAACWAAAAUEFSMQ==",
  "UEFSMRUEFU4VQkwVCBUAEgAAJzgDAAAAb25lDwAAAHR3byAdBDAAAAAABQAAAHRocmVlFQAVGBUcLBUeFRAVBhUGHAAAAAws" +
  "AgAAAB4BAgUkk0wyFQQZLDUAGAZzY2hlbWEVAgAVDCUCGAR0ZXh0JQBMHAAAABYeGRwZHCYAHBUMGTUABhAZGAR0ZXh0FQIW" +
  "HhaoARagASZmJggpLBUEFQAVAgAVABUQFQIAPBacARkGGSYAHgAAABaoARYeJggWoAEAKCBwYXJxdWV0LWNwcC1hcnJvdyB2" +
  "ZXJzaW9uIDI2LjAuMRkcHAAAAJcAAABQQVIx",
].map((text) => Uint8Array.fromBase64(text));

/** What reads the texts of data sets. */
export const datasetReaders: Record<string, Reader> = {
  parquet: {
    file: "rows.parquet",
    prepare: () => changedBytes(...sampleParquet),
    read: readAll("rows.parquet"),
  },
  "json lines": {
    file: "rows.jsonl",
    prepare: () => changedJson({ text: "one", url: "u" }, { sentence: "two" }),
    read: readAll("rows.jsonl"),
  },
  "gzipped lines": {
    file: "rows.json.gz",
    prepare: () => changedBytes(gzipSync('{"text":"one"}\n{"text":"two"}\n')),
    read: readAll("rows.json.gz"),
  },
};

function readAll(file: string): Reader["read"] {
  return async (folder) => joinRows(await readRows(`${folder}/${file}`), "\n");
}
