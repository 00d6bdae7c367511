import { basename } from "node:path";
import { isListOf, isText } from "../../experiments/result/result_record.ts";
import { canonicalJson, decodeJson, encodeJson, sha256 } from "../../lib/core/mod.ts";
import { entriesOf, isObject, persist, prepareFolder, writeAtomically } from "../../lib/io/mod.ts";
import type { AskedCell, CellFailure, CellSpec } from "../../lib/sweep/mod.ts";

/** The folder in which sweeps lie that a batch system runs: a folder each. */
export const sweepsFolder = "results/.sweeps";

/** A cell with its key in the store. */
export interface SweepCell {
  key: string;
  cell: CellSpec;
}

/** What tasks measure and how, as it lies in a file that they read. */
export interface SweepPlan {
  /** Under which results are stored. */
  fingerprint: string;
  /** Stands for the program of the tasks, so that none runs with other sources than were submitted. */
  sources: string;
  /** The cells of each task. */
  tasks: SweepCell[][];
}

const jobName = /^agile-quant-([0-9a-f]{12})-(\d+)$/;

/**
 * A folder of one sweep: the plan, the script, the logs and what became of the cells that could not be measured. It
 * is named after its plan and the checkout, so that the same cells are always in the same folder. Its jobs are named
 * after it, so that the queue knows them even where submitting them was cut short.
 */
export class SweepFolder {
  constructor(readonly path: string) {}

  get name(): string {
    return basename(this.path);
  }

  get script(): string {
    return `${this.path}/job.sh`;
  }

  get logs(): string {
    return `${this.path}/logs`;
  }

  /** The folder that a plan has. */
  static async of({ fingerprint, sources, tasks }: SweepPlan): Promise<SweepFolder> {
    const keys = tasks.map((task) => task.map(({ key }) => key));
    const named = { checkout: Deno.cwd(), fingerprint, sources, keys };
    const name = (await sha256(canonicalJson(named))).slice(0, 12);
    return new SweepFolder(`${sweepsFolder}/${name}`);
  }

  /** The sweep that a job is of by its name, and which of the tasks its number 0 is; undefined where it is of none. */
  static ofJob(name: string): { sweep: SweepFolder; first: number } | undefined {
    const [, sweep, first] = name.match(jobName) ?? [];
    return sweep
      ? { sweep: new SweepFolder(`${sweepsFolder}/${sweep}`), first: Number(first) }
      : undefined;
  }

  /** The name of a job whose number 0 is this one of the tasks. */
  jobName(first: number): string {
    return `agile-quant-${this.name}-${first}`;
  }

  /** Writes all that tasks need. What former ones said of these cells is removed. */
  async prepare(plan: SweepPlan, script: string): Promise<void> {
    for (const folder of [this.path, this.logs]) await prepareFolder(folder);
    await writeAtomically(`${this.path}/plan.json`, encodeJson(plan));
    await writeAtomically(this.script, script);
    for (const { key } of plan.tasks.flat()) {
      await Deno.remove(this.#failure(key)).catch(() => {});
    }
  }

  /** What its tasks do; undefined where there is no plan that is whole. */
  async plan(): Promise<SweepPlan | undefined> {
    return await readWhole(`${this.path}/plan.json`, isPlan);
  }

  /** Notes why a cell could not be measured. */
  async noteFailure(key: string, failure: CellFailure): Promise<void> {
    await writeAtomically(this.#failure(key), encodeJson(failure));
  }

  /** Why cells could not be measured, by their keys. */
  async failures(): Promise<Map<string, CellFailure>> {
    const found = new Map<string, CellFailure>();
    for (const { name } of await entriesOf(`${this.path}/failures`)) {
      const key = name.replace(/\.json$/, "");
      const failure = await readWhole(this.#failure(key), isFailure);
      if (failure) found.set(key, failure);
    }
    return found;
  }

  /** The log of a cell: what it reports while it is measured. */
  logOf({ label, id }: CellSpec): string {
    return `${this.logs}/${(label ?? id).replaceAll(/[^\w.-]+/g, "-")}.log`;
  }

  #failure(key: string): string {
    return `${this.path}/failures/${key}.json`;
  }
}

/** Keys of cells that are to be measured, as a plan has them. */
export function plannedTasks(tasks: readonly (readonly AskedCell[])[]): SweepCell[][] {
  return tasks.map((task) =>
    task.map(({ key, id, label, experiment, model, config }) => (
      { key, cell: { id, label, experiment, model, config } }
    ))
  );
}

/** What a file holds; undefined where there is none that is whole. */
async function readWhole<Value>(
  path: string,
  isWhole: (value: unknown) => value is Value,
): Promise<Value | undefined> {
  try {
    const value = decodeJson(await persist(() => Deno.readTextFile(path)));
    return isWhole(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isPlan(value: unknown): value is SweepPlan {
  return isObject(value) && isText(value.fingerprint) && isText(value.sources) &&
    isListOf(value.tasks, (task) => isListOf(task, isSweepCell));
}

function isSweepCell(value: unknown): value is SweepCell {
  if (!isObject(value) || !isText(value.key) || !isObject(value.cell)) return false;
  const { id, experiment, label = "" } = value.cell;
  return [id, experiment, label].every(isText);
}

function isFailure(value: unknown): value is CellFailure {
  if (!isObject(value) || !isText(value.id)) return false;
  const { event, problems, name, message, stack = "" } = value;
  return event === "refusal"
    ? isListOf(problems, isText)
    : event === "defect" && [name, message, stack].every(isText);
}
