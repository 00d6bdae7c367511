import {
  type BenchRecord,
  type Job,
  type Machine,
  type Measurement,
  select,
} from "../../experiments/result/bench_record.ts";
import type { Measured, Table } from "../../lib/report/mod.ts";

/** Instructions that products of bytes are made of, where an aim depends on them. */
export type ByteProducts = "AMX" | "VNNI" | "other";

/** Who does what, on all cores. */
interface Side {
  /** The first words of a contender's name. */
  engine: string;
  job: Job;
}

/** What the project wants to be true of a machine's measurements. */
export type Target =
  & {
    /** What it speaks of; of several measured jobs that fit, the first. */
    fast: Side;
  }
  & (
    | {
      /** What that is compared with: the same job but for these properties, by the fastest of them. */
      slow: Partial<Side> & Pick<Side, "engine">;
      /** Times as fast, where a machine has the instructions for it. */
      atLeast: number | Partial<Record<ByteProducts, number>>;
    }
    | {
      /** Milliseconds. */
      atMost: number;
    }
  );

/** What became of a target. */
export interface Judgement {
  target: Target;
  /** The number that is to be reached here. */
  aim: number;
  measured?: Measured;
  verdict: "met" | "missed" | "not measured";
  /** Why it was not measured, if that is known. */
  reason?: string;
}

/** The fastest instructions for products of bytes that a machine has. */
export function byteProducts({ extensions }: Machine): ByteProducts {
  if (extensions.includes("amx_int8")) return "AMX";
  return extensions.some((name) => /^avx.*_vnni$/.test(name)) ? "VNNI" : "other";
}

/**
 * What became of the targets that a suite's record speaks of: those whose job it has, or whose kind
 * of job at least. A median decides.
 */
export function judge(targets: readonly Target[], record: BenchRecord): Judgement[] {
  const kinds = new Set(record.measurements.map(({ job }) => job.kind));
  return targets.filter(({ fast }) => kinds.has(fast.job.kind)).flatMap((target) => {
    const aim = aimOf(target, record.machine);
    return aim === undefined ? [] : [judgeOne(target, aim, record)];
  });
}

function aimOf(target: Target, machine: Machine): number | undefined {
  if ("atMost" in target) return target.atMost;
  const { atLeast } = target;
  return typeof atLeast === "number" ? atLeast : atLeast[byteProducts(machine)];
}

function judgeOne(target: Target, aim: number, record: BenchRecord): Judgement {
  const fast = measurementsOf(target.fast, record)[0];
  if (!fast) return notMeasured(target, aim, target.fast.engine, record);
  if ("atMost" in target) {
    const { median: value, low, high } = fast;
    const verdict = value <= aim ? "met" : "missed";
    return { target, aim, measured: { value, low, high, digits: 1 }, verdict };
  }
  const { engine, job } = target.slow;
  const slow = measurementsOf({ engine, job: { ...fast.job, ...job } }, record)
    .sort((a, b) => a.median - b.median)[0];
  if (!slow) return notMeasured(target, aim, engine, record);
  const measured = {
    value: slow.median / fast.median,
    low: slow.low / fast.high,
    high: slow.high / fast.low,
    digits: 2,
  };
  return { target, aim, measured, verdict: measured.value >= aim ? "met" : "missed" };
}

function measurementsOf({ engine, job }: Side, record: BenchRecord): Measurement[] {
  return select(record, job, "time").filter(({ contender }) =>
    engineOf(contender) === engine &&
    record.contenders[contender].threads === record.machine.cores
  );
}

/** The first words of a contender's name, its engine. */
export function engineOf(contender: string): string {
  return contender.split(",")[0];
}

function notMeasured(
  target: Target,
  aim: number,
  engine: string,
  { missing, quick }: BenchRecord,
): Judgement {
  const reason = missing.find(({ contender }) => engineOf(contender) === engine)?.reason ??
    (quick ? "only in the full suite" : undefined);
  return { target, aim, verdict: "not measured", ...reason && { reason } };
}

/** Which targets a record meets. */
export function targetTable(judgements: readonly Judgement[]): Table {
  const met = judgements.filter(({ verdict }) => verdict === "met").length;
  return {
    title: `Targets: ${met} of ${judgements.length} met`,
    columns: ["work", "by", "compared with", "measured", "target", ""],
    rows: judgements.map(({ target, aim, measured, verdict, reason }) => [
      workOf(target.fast.job),
      target.fast.engine,
      "slow" in target ? comparedWith(target.slow) : null,
      measured ?? reason ?? null,
      "slow" in target ? `at least ${round(aim)} times as fast` : `at most ${aim} ms`,
      verdict,
    ]),
  };
}

function round(aim: number): string {
  return String(Number(aim.toFixed(2)));
}

function comparedWith({ engine, job = {} }: Partial<Side> & Pick<Side, "engine">): string {
  return [engine, ...Object.values(job)].join(", ");
}

/** A job in words. */
function workOf({ kind, ...job }: Job): string {
  const { rows, columns, outputs, ...others } = job;
  const shape = [rows, columns, outputs].filter((size) => size !== undefined).join(" x ");
  const words = Object.entries(others).map(([name, value]) =>
    typeof value === "number" ? `${name} ${value}` : name === "cache" ? `${value} cache` : value
  );
  return [kind, ...shape ? [shape] : [], ...words].join(", ");
}
