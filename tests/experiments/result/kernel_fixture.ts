import type { BenchRecord, Measurement } from "../../../experiments/result/bench_record.ts";

const shape = { rows: 240, outputs: 256 };

/** A record in which a product of depth 32 or 64 takes these nanoseconds, by contender. */
export function kernelRecord(times: Record<string, [number, number]>): BenchRecord {
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

/** Nanoseconds of the kernels of the lowest level. */
export const plainTimes = {
  "int4 packed, multiplications": [1, 1],
  "int8, extended multiplications": [2, 1.5],
  "float32, multiply and add": [3, 4],
} satisfies Record<string, [number, number]>;
