import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { toCsv } from "../../lib/report/mod.ts";
import { example } from "./example_table.ts";

Deno.test("toCsv() writes figures in full and intervals as columns of their own", () => {
  assertEquals(toCsv(example).split("\r\n"), [
    "method,bits,PPL,PPL low,PPL high,order|sign,C4",
    "FP16,16,5.678,,,yes,",
    '"GPTQ, ""g128""",4,12.3449,11.9,12.8,,Infinity',
    '[x],4,12000000,11000000,Infinity,"<\nno>",-0.5',
    "",
  ]);
});

Deno.test("toCsv() survives any text", () => {
  const texts = fc.array(fc.array(fc.string({ unit: fc.constantFrom(...'a,"\r\n ') }), {
    minLength: 3,
    maxLength: 3,
  }));
  fc.assert(fc.property(texts, (rows) => {
    const columns = ["a", "b", "c"];
    assertEquals(parseCsv(toCsv({ title: "t", columns, rows })), [columns, ...rows]);
  }));
});

/** RFC 4180 by the letter: records end with CRLF, quotes in quoted fields are doubled. */
function parseCsv(text: string): string[][] {
  const field = /(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n)/gy;
  const records: string[][] = [[]];
  for (const [, quoted, bare, end] of text.matchAll(field)) {
    records.at(-1)!.push(quoted?.replaceAll('""', '"') ?? bare);
    if (end !== ",") records.push([]);
  }
  return records.slice(0, -1);
}
