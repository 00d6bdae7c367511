import { assertAlmostEquals, assertEquals } from "@std/assert";
import {
  dotLevels,
  figure5Ratios,
  figure5Rows,
  figure5Sentences,
  figure5Tables,
  figure5Trace,
  figure5Verdicts,
} from "../../../experiments/figures/figure5.ts";
import type { BenchRecord, Measurement } from "../../../experiments/result/bench_record.ts";
import { toMarkdown } from "../../../lib/report/mod.ts";

const shape = { rows: 240, outputs: 256 };

/** A record in which a product of depth 32 or 64 takes these nanoseconds, by contender. */
function record(times: Record<string, [number, number]>): BenchRecord {
  const summary = (median: number) => ({ median, low: median, high: median, runs: 5 });
  const measurements = [32, 64].flatMap((depth, index): Measurement[] => [
    {
      job: { kind: "clock", cycles: 16e6, depth },
      contender: "clock",
      ...{ quantity: "time", unit: "ms", ...summary(8) },
    },
    ...Object.entries(times).flatMap(([name, nanoseconds]): Measurement[] => {
      const [contender, numbers] = name.split(": ").toReversed();
      const job = numbers
        ? { kind: "product", ...shape, depth, numbers }
        : { kind: "panels", ...shape, depth };
      const time = nanoseconds[index] * shape.rows * shape.outputs * depth / 1e6;
      const timed = { job, contender, quantity: "time", unit: "ms" as const, ...summary(time) };
      const counted = { ...timed, quantity: "instructions", unit: "per product" as const };
      return numbers ? [timed] : [timed, { ...counted, ...summary(0.25) }];
    }),
  ]);
  const level = "plain SIMD";
  const contenders = Object.fromEntries(
    measurements.map(({ contender }) => [contender, { library: "any", level, threads: 1 }]),
  ) as BenchRecord["contenders"];
  return { measurements, contenders } as BenchRecord;
}

const plain = {
  "int4 packed, multiplications": [1, 1],
  "int8, extended multiplications": [2, 1.5],
  "float32, multiply and add": [3, 4],
} satisfies Record<string, [number, number]>;

Deno.test("figure5Rows() gives rates and cycles of a clock that took turns", () => {
  const rows = figure5Rows(record({ ...plain, "int8: oneDNN": [0.5, 0.25] }));
  assertEquals(rows.length, 8);
  const [first] = rows;
  assertEquals([first.contender, first.depth], ["int4 packed, multiplications", 32]);
  assertAlmostEquals(first.rate.value, 1);
  assertEquals([first.rate.low, first.rate.high], [first.rate.value, first.rate.value]);
  assertAlmostEquals(first.cycles, 2); // 16e6 cycles in 8 ms
  assertEquals(first.instructions, 0.25);
  const native = rows.filter(({ contender }) => contender === "int8, native");
  assertEquals(native.map(({ depth, instructions }) => [depth, instructions]), [
    [32, undefined],
    [64, undefined],
  ]);
  assertAlmostEquals(native[1].cycles, 0.5);
});

Deno.test("figure5Ratios() compare with the fastest of the level, and leave out what is missing", () => {
  const ratios = figure5Ratios(figure5Rows(record({
    ...plain,
    "int4 packed, dot products of pairs": [0.5, 0.5],
    "int8 widened, dot products of pairs": [1, 4],
  })));
  assertEquals(
    ratios.map(({ level, depth, against, ratio, verdict }) => [
      ...[level, depth, against],
      Math.round(ratio.value * 1e6) / 1e6,
      verdict === "reproduced",
    ]),
    [
      ["no dot products", 32, "int8", 2, true],
      ["no dot products", 64, "int8", 1.5, false],
      ["no dot products", 32, "float32", 3, true],
      ["no dot products", 64, "float32", 4, true],
      ["dot products of pairs", 32, "int8", 2, true],
      ["dot products of pairs", 64, "int8", 3, true],
      ["dot products of pairs", 32, "float32", 6, true],
      ["dot products of pairs", 64, "float32", 8, true],
    ],
  );
});

Deno.test("figure5Verdicts() judge each claim at each level", () => {
  const rows = figure5Rows(record({ ...plain, "float32, multiply and add": [2.5, 2] }));
  const verdicts = figure5Verdicts(figure5Ratios(rows));
  assertEquals(verdicts.map(({ against, verdict }) => [against, verdict]), [
    ["int8", "contradicted"],
    ["float32", "contradicted"],
  ]);
  assertEquals(figure5Sentences(verdicts), [
    "no dot products: packed INT4 is 1.50 to 2.00 times as fast as int8; " +
    "the paper's 1.75: contradicted",
    "no dot products: packed INT4 is 2.00 to 2.50 times as fast as float32; " +
    "the paper's 2.55: contradicted",
  ]);
});

Deno.test("figure5Tables() have a column per depth and end with the verdicts", () => {
  const tables = figure5Tables(figure5Rows(record(plain)));
  assertEquals(tables.map(({ columns }) => columns.length), [3, 3, 2, 5]);
  assertEquals(tables[3].notes?.length, 4);
  for (const table of tables) assertEquals(toMarkdown(table).includes("undefined"), false);
});

Deno.test("dotLevels name kernels that the suite int4 measures, or native products", async () => {
  const { int4Kernels } = await import("../../../bench/contenders/int4_kernels.ts");
  const measured = new Set([
    ...int4Kernels.map(({ name }) => name),
    "int8, native",
    "float32, native",
  ]);
  const named = dotLevels.flatMap(({ int4, int8, float32 }) => [...int4, ...int8, ...float32]);
  assertEquals(named.filter((name) => !measured.has(name)), []);
});

Deno.test("figure5Trace() shows three rows of two columns and their signed results", () => {
  const trace = figure5Trace();
  const values = (name: string) =>
    trace.filter((state) => state.name === name).map(({ value }) => value | 0);
  assertEquals(values("weights"), [0x0d06, 0x020f, 0x0900]);
  assertEquals(values("firstResult"), [5 * 3 - 6 * 7 + 1 * -5]);
  assertEquals(values("secondResult"), [-2 * 3 + 7 * 7 - 8 * -5]);
});
