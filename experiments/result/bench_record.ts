import type { Estimate } from "../../lib/core/mod.ts";
import { isObject } from "../../lib/io/mod.ts";
import { isListOf, isText, readRecord } from "./result_record.ts";

/** What a contender may ask of the processor: WebAssembly without and with relaxed SIMD, or all of it. */
export const instructionLevels = ["plain SIMD", "relaxed SIMD", "native"] as const;

export type InstructionLevel = typeof instructionLevels[number];

/**
 * How a model computes: in floats, or its linear maps in integers with 8- or 4-bit weights and
 * activations (AgileQ-8, and AgileQ-4 where it computes in four bits).
 */
export const operandTypes = ["FP32", "W8A8", "W4A8", "W4A4"] as const;

export type OperandTypes = typeof operandTypes[number];

/** Who was measured. */
export interface ContenderFacts {
  /** Library and version, such as `oneDNN 2.6.3`. */
  library: string;
  /** Null for plain JavaScript. */
  level: InstructionLevel | null;
  threads: number;
}

/** Where it was measured. */
export interface Machine {
  processor: string;
  cores: number;
  /** The extensions of the instruction set that matter to matrix products, such as `avx2`. */
  extensions: string[];
  memoryBytes: number;
  system: string;
}

/** A quantity over several runs. */
export interface Summary {
  median: number;
  low: number;
  high: number;
  runs: number;
}

/** What is measured: plain data that names the job within its suite. */
export type Job = Record<string, string | number>;

/** One quantity of one job by one contender. */
export interface Measurement extends Summary {
  job: Job;
  /** A key of the record's contenders. */
  contender: string;
  /** `time` for the whole job, or the part of it that the suite names. */
  quantity: string;
  unit: "ms" | "bytes" | "tokens/s" | "bytes/weight" | "per product";
}

/** Everything one suite of `deno task bench` measured in one run. */
export interface BenchRecord {
  suite: string;
  machine: Machine;
  /** Versions of the software below all contenders, such as Deno's. */
  versions: Record<string, string>;
  commit: string | null;
  /** ISO 8601. */
  started: string;
  seconds: number;
  /** The share of all processors' time that others took just before, 0..1; not in older records. */
  busy?: number;
  /** Measured on a few small jobs, for a look only. */
  quick: boolean;
  /** False if the run was interrupted. */
  complete: boolean;
  contenders: Record<string, ContenderFacts>;
  measurements: Measurement[];
  /** Contenders that could not be measured here, and why. */
  missing: { contender: string; reason: string }[];
}

/**
 * Reads what `deno task bench SUITE` wrote.
 *
 * @throws {InputError} If there is no such record, or the file is none. The message names the command
 *   that makes one.
 */
export async function readBenchRecord(
  suite: string,
  folder = "results/bench",
): Promise<BenchRecord> {
  return await readRecord(
    `${folder}/${suite}.json`,
    `deno task bench ${suite}`,
    (value): value is BenchRecord => isBenchRecord(value) && value.suite === suite,
  );
}

function isBenchRecord(value: unknown): value is BenchRecord {
  if (!isObject(value)) return false;
  const { machine, versions, commit, started, contenders, measurements, missing } = value;
  return isMachine(machine) && isObject(versions) && Object.values(versions).every(isText) &&
    (commit === null || isText(commit)) && isText(started) &&
    isObject(contenders) && Object.values(contenders).every(isContender) &&
    isListOf(missing, (each) => isObject(each) && isText(each.contender) && isText(each.reason)) &&
    isListOf(
      measurements,
      (each) =>
        isObject(each) && isObject(each.job) && Object.values(each.job).every(isWordOrNumber) &&
        isText(each.quantity) && isText(each.unit) &&
        [each.median, each.low, each.high, each.runs].every(isNumber) &&
        isText(each.contender) && Object.hasOwn(contenders, each.contender),
    );
}

function isMachine(value: unknown): boolean {
  if (!isObject(value)) return false;
  const { processor, cores, extensions, memoryBytes, system } = value;
  return isText(processor) && isText(system) && isListOf(extensions, isText) &&
    [cores, memoryBytes].every(isNumber);
}

function isContender(value: unknown): boolean {
  if (!isObject(value)) return false;
  const { library, level, threads } = value;
  return isText(library) && (level === null || isText(level)) && isNumber(threads);
}

function isNumber(value: unknown): value is number {
  return typeof value === "number";
}

function isWordOrNumber(value: unknown): boolean {
  return isText(value) || isNumber(value);
}

/** The median with the extremes of the runs; a single run has none. */
export function estimateOf({ median, low, high, runs }: Summary): Estimate {
  return runs > 1 ? { value: median, low, high } : { value: median };
}

/** The measurements whose job has all of these properties, of one quantity if it is given. */
export function select(record: BenchRecord, job: Job, quantity?: string): Measurement[] {
  return record.measurements.filter((each) =>
    (quantity === undefined || each.quantity === quantity) &&
    Object.entries(job).every(([key, value]) => each.job[key] === value)
  );
}
