import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { InputError } from "../../lib/core/mod.ts";
import { readRuns } from "../../lib/io/parquet_runs.ts";
import { varint } from "../../tools/fuzz/parquet_bytes.ts";

/** So many bytes, the lowest first. */
function bytesOf(value: bigint, count: number): number[] {
  return Array.from({ length: count }, (_, i) => Number(value >> BigInt(8 * i) & 0xffn));
}

/** A run of one value, or of eights of values as a stream of bits. */
type Run = { value: number; length: number } | { packed: number[] };

function encode(runs: Run[], width: number): Uint8Array {
  return Uint8Array.from(runs.flatMap((run) => {
    if ("value" in run) {
      return [...varint(2 * run.length), ...bytesOf(BigInt(run.value), Math.ceil(width / 8))];
    }
    const { packed } = run;
    const eights = Math.ceil(packed.length / 8);
    const stream = packed.reduceRight((sum, value) => sum << BigInt(width) | BigInt(value), 0n);
    return [...varint(2 * eights + 1), ...bytesOf(stream, eights * width)];
  }));
}

Deno.test("readRuns() reads runs of every width, of one value and of packed ones", () => {
  const cases = fc.integer({ min: 0, max: 32 }).chain((width) => {
    const value = fc.integer({ min: 0, max: 2 ** width - 1 });
    const repeated = fc.record({ value, length: fc.integer({ min: 1, max: 300 }) });
    const packed = fc.array(value, { minLength: 8, maxLength: 24 })
      .map((values) => ({ packed: values.slice(0, values.length - values.length % 8) }));
    const runs = fc.array(fc.oneof<fc.Arbitrary<Run>[]>(repeated, packed), { maxLength: 5 });
    return fc.tuple(fc.constant(width), runs, fc.array(value, { minLength: 1, maxLength: 8 }));
  });
  fc.assert(fc.property(cases, ([width, runs, last]) => {
    const all = [...runs, { packed: last }];
    const values = all.flatMap((run) =>
      "value" in run ? new Array<number>(run.length).fill(run.value) : run.packed
    );
    const bytes = Uint8Array.of(...encode(all, width), 1, 2, 3);
    assertEquals([...readRuns(bytes, width, values.length, "read")], values);
  }));
});

for (
  const [what, bytes, width] of [
    ["a run that is longer than the page", [...varint(2 * 9), 1], 1],
    ["one of 2^30 values in a few bytes", [...varint(2 ** 31), 1], 1],
    ["2^30 packed values of no bits", varint(2 ** 31 + 1), 0],
    ["so many that their number is negative in 32 bits", varint(2 ** 32 - 1), 0],
    ["a run of nothing", [0, 1, 16, 1], 1],
    ["a length that has no end", [255, 255, 255, 255, 255, 255, 1], 1],
    ["packed values that break off", [3, 1, 2], 3],
    ["a value that breaks off", [16, 1], 9],
    ["no run", [], 1],
    ["values of 33 bits", [16, 1, 1, 1, 1, 1], 33],
  ] as const
) {
  Deno.test(`readRuns() refuses ${what}`, () => {
    const read = () => readRuns(Uint8Array.from(bytes), width, 8, "read a.parquet");
    assertThrows(read, InputError, "Cannot read a.parquet: its ");
  });
}
