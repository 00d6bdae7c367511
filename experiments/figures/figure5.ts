import {
  combineVerdicts,
  type Estimate,
  quotient,
  type Verdict,
  verdictLegend,
  verdictOf,
} from "../../lib/core/mod.ts";
import { packWeights, type RegisterState, traceDotInt4 } from "../../lib/int4/mod.ts";
import type { Table, TableCell } from "../../lib/report/mod.ts";
import { drawFigure5, paperLevel } from "../draw/figure5_drawing.ts";
import { type BenchRecord, estimateOf, readBenchRecord, select } from "../result/bench_record.ts";
import type { FigureExperiment } from "./figure.ts";

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

/** Figure 5's rows, from what `deno task bench int4` recorded. */
export function figure5Rows(record: BenchRecord): KernelRow[] {
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
export interface RatioRow {
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
export function figure5Ratios(rows: KernelRow[]): RatioRow[] {
  const depths = [...new Set(rows.map(({ depth }) => depth))];
  const fastest = (names: readonly string[], depth: number) => {
    const found = rows.filter((row) => row.depth === depth && names.includes(row.contender));
    const rates = found.map(({ rate }) => rate).toSorted((one, other) => one.value - other.value);
    return rates.at(-1);
  };
  return dotLevels.flatMap((level) =>
    claims.flatMap(({ format, paper }) =>
      depths.flatMap((depth): RatioRow[] => {
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
export interface Figure5Verdict {
  level: DotLevel;
  against: "int8" | "float32";
  verdict: Verdict;
  /** Over all depths. */
  lowest: number;
  highest: number;
  paper: number;
}

/** What the ratios say of each claim at each level. */
export function figure5Verdicts(ratios: RatioRow[]): Figure5Verdict[] {
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

/** One line per verdict. */
export function figure5Sentences(verdicts: Figure5Verdict[]): string[] {
  return verdicts.map(({ level, against, verdict, lowest, highest, paper }) =>
    `${level}: packed INT4 is ${lowest.toFixed(2)} to ${highest.toFixed(2)} times as fast as ` +
    `${against}; the paper's ${paper}: ${verdict}`
  );
}

/** The rows and verdicts as tables. */
export function figure5Tables(rows: KernelRow[]): Table[] {
  const depths = [...new Set(rows.map(({ depth }) => depth))];
  const contenders = [...new Set(rows.map(({ contender }) => contender))];
  const ratios = figure5Ratios(rows);
  const grid = (title: string, value: (row: KernelRow) => number, digits: number): Table => ({
    title,
    columns: ["contender", ...depths.map((depth) => `depth ${depth}`)],
    rows: contenders.map((contender) => [
      contender,
      ...depths.map((depth): TableCell => {
        const found = rows.find((row) => row.contender === contender && row.depth === depth);
        return found ? { value: value(found), digits } : null;
      }),
    ]),
  });
  return [
    grid(
      "Billions of multiplications and additions per second, one thread",
      (row) => row.rate.value,
      2,
    ),
    grid("Cycles per multiplication and addition", ({ cycles }) => cycles, 3),
    instructionTable(rows),
    {
      title: "Packed INT4 against the fastest of the same instruction level",
      columns: ["level", "against", ...depths.map((depth) => `depth ${depth}`), "paper"],
      rows: figure5Verdicts(ratios).map(({ level, against, paper }) => [
        level,
        against,
        ...depths.map((depth): TableCell => {
          const found = ratios.find((row) =>
            row.level === level && row.against === against && row.depth === depth
          );
          return found ? { ...found.ratio, digits: 2 } : null;
        }),
        { value: paper, digits: 2 },
      ]),
      notes: [
        ...figure5Sentences(figure5Verdicts(ratios)),
        "the paper compares with FP16, which WebAssembly does not compute in; native int4 is the " +
        "packed product in WebAssembly, and native layers quantize and lay out their activations, too",
        verdictLegend,
      ],
    },
  ];
}

function instructionTable(rows: KernelRow[]): Table {
  const counted = new Map(
    rows.flatMap(({ contender, instructions }) =>
      instructions === undefined ? [] : [[contender, instructions]]
    ),
  );
  return {
    title: "Vector instructions per multiplication and addition, inner loop and spills",
    columns: ["contender", "instructions"],
    rows: [...counted].map(([contender, value]) => [contender, { value, digits: 3 }]),
  };
}

/**
 * The registers of a signed dot product of three rows and two columns, for a picture of the bits:
 * weights and activations in offset binary.
 */
export function figure5Trace(): RegisterState[] {
  const weights = Uint8Array.of(13, 6, 2, 15, 9, 0);
  const layout = { rows: 3, columns: 2, zeroPoint: 8 };
  const activations = Uint8Array.of(11, 15, 3);
  return traceDotInt4(activations, packWeights(weights, layout), 0, { activationZeroPoint: 8 });
}

/** Figure 5: the multiplier's registers, and its speed as `deno task bench int4` measured it. */
export const figure5: FigureExperiment = {
  name: "figure5",
  measuredBy: [],
  bench: "int4",
  title: "The lane-packed INT4 multiplier",
  families: [],
  async run() {
    const record = await readBenchRecord("int4");
    const { machine, versions, commit, started, contenders, quick } = record;
    const rows = figure5Rows(record);
    const drawn = { ratios: figure5Ratios(rows), trace: figure5Trace() };
    return {
      name: figure5.name,
      title: figure5.title,
      configuration: { machine, versions, commit, started, contenders, quick },
      data: { rows, ...drawn },
      ...drawFigure5(drawn),
    };
  },
};
