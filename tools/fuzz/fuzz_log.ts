import { require } from "../../lib/core/mod.ts";
import { exists, isObject, readJson, writeAtomically } from "../../lib/io/mod.ts";
import type { Table } from "../../lib/report/mod.ts";
import type { Cost } from "./fuzz_reader.ts";

/** What became of the inputs of a seed. */
export interface Tried {
  reader: string;
  seed: number;
  /** How many inputs were asked for, how many were tried, and how many of these were not refused. */
  runs: number;
  inputs: number;
  accepted: number;
  cost: Cost;
  /** What a reader did badly, and the file of the input. */
  failure?: { complaint: string; path: string };
}

/** What was tried so far, in a file, so that who is interrupted goes on there. */
export class FuzzLog {
  private constructor(readonly path: string, readonly tried: Tried[]) {}

  /**
   * Opens what an interrupted run left, or an empty one.
   *
   * @throws {InputError} If the file is no such log.
   */
  static async open(path: string): Promise<FuzzLog> {
    const tried = await exists(path) ? await readJson(path) : [];
    const isLog = Array.isArray(tried) && tried.every(isTried);
    require(isLog, `read ${path}`, "it must be what an interrupted run left; --fresh starts over");
    return new FuzzLog(path, tried);
  }

  /** What became of a seed's inputs, if they were tried. */
  find({ reader, seed, runs }: Pick<Tried, "reader" | "seed" | "runs">): Tried | undefined {
    return this.tried.find((each) =>
      each.reader === reader && each.seed === seed && each.runs === runs
    );
  }

  async add(tried: Tried): Promise<void> {
    this.tried.push(tried);
    await writeAtomically(this.path, `${JSON.stringify(this.tried)}\n`);
  }
}

function isTried(value: unknown): value is Tried {
  if (!isObject(value) || !isObject(value.cost)) return false;
  const { reader, seed, runs, inputs, accepted, cost, failure } = value;
  const { making, writing, reading } = cost as Record<string, unknown>;
  return typeof reader === "string" &&
    [seed, runs, inputs, accepted, making, writing, reading].every(Number.isFinite) &&
    (failure === undefined || isObject(failure) && typeof failure.complaint === "string" &&
        typeof failure.path === "string");
}

/** What all was tried: inputs and the processor's time by reader. */
export function costTable(tried: readonly Tried[]): Table {
  const byReader = Map.groupBy(tried, ({ reader }) => reader);
  const rows = [...byReader].map(([reader, own]) => [reader, ...figuresOf(own)]);
  return {
    title: "Inputs and the processor's time",
    columns: [
      "reader",
      "inputs",
      "read %",
      "a second",
      "making %",
      "writing %",
      "reading %",
      "s",
      "failures",
    ],
    rows: byReader.size > 1 ? [...rows, ["all", ...figuresOf(tried)]] : rows,
  };
}

function figuresOf(tried: readonly Tried[]): number[] {
  const sum = (of: (each: Tried) => number) => tried.reduce((total, each) => total + of(each), 0);
  const inputs = sum((each) => each.inputs);
  const parts = (["making", "writing", "reading"] as const).map((part) =>
    sum(({ cost }) => cost[part])
  );
  const seconds = parts.reduce((total, part) => total + part, 0);
  const per = (value: number, whole: number) => whole > 0 ? Math.round(value / whole) : 0;
  return [
    inputs,
    per(100 * sum((each) => each.accepted), inputs),
    per(inputs, seconds),
    ...parts.map((part) => per(100 * part, seconds)),
    Math.round(seconds),
    tried.filter(({ failure }) => failure).length,
  ];
}
