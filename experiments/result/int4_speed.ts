import {
  combineVerdicts,
  type Estimate,
  quotient,
  type Verdict,
  verdictOf,
} from "../../lib/core/mod.ts";
import { type BenchRecord, estimateOf, select } from "./bench_record.ts";

/** The instruction level of the paper's phones, of which it claims its figures. */
export const paperLevel = "no dot products";

/** What a processor's vectors can do, from the least: the paper's phones are the first. */
export const dotLevels = [
  {
    name: paperLevel,
    int4: ["int4 packed, multiplications"],
    int8: ["int8, extended multiplications"],
    float32: ["float32, multiply and add"],
  },
  {
    name: "dot products of pairs",
    int4: ["int4 packed, dot products of pairs"],
    int8: ["int8, extended multiplications", "int8 widened, dot products of pairs"],
    float32: ["float32, multiply and add"],
  },
  {
    name: "relaxed SIMD",
    int4: ["int4 packed, dot products of pairs"],
    int8: ["int8, relaxed dot products"],
    float32: ["float32, fused"],
  },
  {
    name: "native",
    int4: ["int4 packed, dot products of pairs"],
    int8: ["int8, native"],
    float32: ["float32, native"],
  },
] as const satisfies { name: string; [format: string]: string | readonly string[] }[];

export type DotLevel = typeof dotLevels[number]["name"];

/** What INT4 is compared with, and how much faster the paper has it without dot products. */
const claims = [
  { format: "int8", paper: 1.75 },
  { format: "float32", paper: 2.55 },
] as const;

/** One way to multiply at one depth, on one thread. */
export interface KernelRow {
  contender: string;
  /** Columns of activations that are summed up. */
  depth: number;
  /** Billions of multiplications with their additions per second. */
  rate: Estimate;
  /** Cycles of a calibrated clock, and vector instructions of the inner loop, for one of them. */
  cycles: number;
  instructions?: number;
}

/** The kernels, from what `deno task bench int4` recorded. */
export function kernelRows(record: BenchRecord): KernelRow[] {
  const timed = record.measurements.filter(({ job, quantity }) =>
    quantity === "time" && job.kind !== "clock"
  );
  return timed.map((measured) => {
    const { job, contender, median } = measured;
    const products = Number(job.rows) * Number(job.outputs) * Number(job.depth);
    const scale = products / 1e6; // from products per millisecond
    const [clock] = select(record, { kind: "clock", depth: job.depth }, "time");
    const counted = select(record, job, "instructions").find((each) =>
      each.contender === contender
    );
    return {
      contender: job.kind === "product" ? `${job.numbers}, native` : contender,
      depth: Number(job.depth),
      rate: quotient({ value: scale, low: scale, high: scale }, estimateOf(measured)),
      cycles: median / products * Number(clock.job.cycles) / clock.median,
      instructions: counted?.median,
    };
  });
}

/** INT4 against another format at one instruction level and depth. */
export interface SpeedRatio {
  level: DotLevel;
  depth: number;
  against: "int8" | "float32";
  /** How many times as fast the packed INT4 product is as the level's fastest of the other format. */
  ratio: Estimate;
  /** What the paper claims without dot products, and whether it is so here. */
  paper: number;
  verdict: Verdict;
}

/** The claims of the paper, level by level. Levels whose contenders are missing are left out. */
export function speedRatios(rows: readonly KernelRow[]): SpeedRatio[] {
  const depths = [...new Set(rows.map(({ depth }) => depth))];
  const fastest = (names: readonly string[], depth: number) => {
    const found = rows.filter((row) => row.depth === depth && names.includes(row.contender));
    const rates = found.map(({ rate }) => rate).toSorted((one, other) => one.value - other.value);
    return rates.at(-1);
  };
  return dotLevels.flatMap((level) =>
    claims.flatMap(({ format, paper }) =>
      depths.flatMap((depth): SpeedRatio[] => {
        const [int4, other] = [fastest(level.int4, depth), fastest(level[format], depth)];
        if (!int4 || !other) return [];
        const ratio = quotient(int4, other);
        const verdict = verdictOf(ratio, { above: paper });
        return [{ level: level.name, depth, against: format, ratio, paper, verdict }];
      })
    )
  );
}

/** A claim of the paper at one instruction level. */
export interface LevelVerdict {
  level: DotLevel;
  against: "int8" | "float32";
  verdict: Verdict;
  /** Over all depths. */
  lowest: number;
  highest: number;
  paper: number;
}

/** What the ratios say of each claim at each level. */
export function levelVerdicts(ratios: readonly SpeedRatio[]): LevelVerdict[] {
  return dotLevels.flatMap(({ name: level }) =>
    claims.flatMap(({ format: against, paper }) => {
      const own = ratios.filter((row) => row.level === level && row.against === against);
      if (own.length === 0) return [];
      const values = own.map(({ ratio }) => ratio.value);
      const verdict = combineVerdicts(own);
      const [lowest, highest] = [Math.min(...values), Math.max(...values)];
      return [{ level, against, verdict, lowest, highest, paper }];
    })
  );
}
