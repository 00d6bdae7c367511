import { canonicalJson, InputError, sha256 } from "../../lib/core/mod.ts";
import {
  type AllocatedPart,
  type ConfiguredMethod,
  type MethodName,
  methods,
  sharedWeights,
} from "../../lib/methods/mod.ts";
import { type Executor, runCells, type RunOptions } from "../../lib/sweep/mod.ts";
import { cellOf, withExecutor } from "../cells/cell_runner.ts";
import { type Evaluation, evaluationCells, evaluationOf } from "../measure/evaluation.ts";
import type { UnloadedSubject } from "../measure/subject.ts";
import {
  allocateBits,
  averageBits,
  type MeasuredBits,
  measureSensitivities,
} from "./allocate_bits.ts";
import type { MeasuredCell, RowCell } from "./measure_models.ts";
import { type MeasuredRows, measuredRows } from "./measured_rows.ts";

/** A method with the same bits for all linear maps, or sites, or with those bits shared out: what tells them apart. */
interface AllocationFacts {
  method: MethodName;
  part: AllocatedPart;
  /** Of all linear maps, or sites: what these take is the budget of those that have bits of their own. */
  bits: number;
  isAllocated: boolean;
  /** Bits per weight, scales and all, or per value of activations. */
  average: number;
  /** The sum of what the linear maps, or sites, cost one by one, nats per token of the calibration text. */
  divergence: number;
}

/** Such a method measured on one model. */
export type AllocationCell = MeasuredCell & AllocationFacts;

/** One model with methods in both ways. */
export type AllocatedModel = MeasuredRows<AllocationCell>;

/** How {@linkcode measureAllocations} runs. */
export interface AllocationOptions extends Omit<RunOptions, "executor"> {
  /** Measures in this process unless given. */
  executor?: Executor;
  methods: readonly MethodName[];
  /** Each is the bits of all linear maps, or of all sites, and the budget to share out. */
  bits: Readonly<Record<AllocatedPart, readonly number[]>>;
  /** Stands for the code that measures sensitivities. */
  sensitivityFingerprint: string;
  /** Windows of the calibration text that these are measured on. */
  scored?: number;
}

const allocatedKinds: readonly AllocatedPart[] = ["weights", "activations"];

/** What tells the rows of a method apart: `rtn4-weights-3`, `rtn4-weights-3-allocated`. */
export function allocationRow(
  { method, part, bits, isAllocated }: Omit<AllocationFacts, "average" | "divergence">,
): string {
  return `${method}-${part}-${bits}${isAllocated ? "-allocated" : ""}`;
}

/** The order of rows: by method, part and bits, what is shared out behind the same bits for all; for `sort`. */
export function byAllocation(one: AllocationFacts, other: AllocationFacts): number {
  const [a, b] = [one, other].map(({ method, part, bits, isAllocated }) => [
    Object.keys(methods).indexOf(method),
    allocatedKinds.indexOf(part),
    bits,
    Number(isAllocated),
  ]);
  const place = a.findIndex((rank, at) => rank !== b[at]);
  return place < 0 ? 0 : a[place] - b[place];
}

/** Whether a cell from a record is of this table, beside being a measured cell. */
export function isAllocationCell(cell: Partial<AllocationCell>): boolean {
  return cell.method! in methods && allocatedKinds.includes(cell.part!) &&
    typeof cell.isAllocated === "boolean" &&
    [cell.bits, cell.average, cell.divergence].every((each) => typeof each === "number");
}

/** What bits of a method are shared out of: linear maps, sites, both or none. */
export function allocatedParts(method: MethodName): AllocatedPart[] {
  const { allocates } = methods[method];
  return allocatedKinds.filter((part) => allocates[part].length > 0);
}

/**
 * Measures methods with the same bits for all linear maps, or sites, and with those bits shared out by measured
 * sensitivities within as many. What was measured before is taken from the store. A method that refuses a
 * model costs no other.
 *
 * @throws The signal's reason once it is aborted; finished cells stay stored.
 */
export async function measureAllocations(
  subjects: readonly UnloadedSubject[],
  options: AllocationOptions,
): Promise<AllocatedModel[]> {
  const planned: PlannedModel[] = [];
  for (const subject of subjects) planned.push(await planModel(subject, options));
  const outcome = await withExecutor(
    options.executor,
    evaluationCells,
    subjects,
    (executor) =>
      runCells<Evaluation>(planned.flatMap(({ cells }) => cells), { ...options, executor }),
  );
  return planned.map(({ subject, cells, problems }): AllocatedModel => {
    const rows = measuredRows(subject, cells, outcome, ({ facts }) => facts);
    return { ...rows, problems: [...problems, ...rows.problems] };
  });
}

type AllocationRow = RowCell & { facts: AllocationFacts };

interface PlannedModel {
  subject: UnloadedSubject;
  cells: AllocationRow[];
  problems: string[];
}

/** Measures the sensitivities of a model, by which the rows are known. */
async function planModel(
  subject: UnloadedSubject,
  options: AllocationOptions,
): Promise<PlannedModel> {
  const planned: PlannedModel = { subject, cells: [], problems: [] };
  for (const method of options.methods) {
    for (const part of allocatedParts(method)) {
      const label = `allocation/${subject.model.name}/${method}`;
      const choices = methods[method].allocates[part];
      const [asked, others] = [true, false].map((isThere) =>
        options.bits[part].filter((bits) => choices.includes(bits) === isThere)
      );
      for (const bits of others) {
        const rule = `${part} must have ${choices.join(", ")} bits, got ${bits}`;
        planned.problems.push(`${label}: ${rule}`);
      }
      if (asked.length === 0) continue;
      try {
        const measured = await measureSensitivities(subject, method, methods[method], part, {
          ...options,
          fingerprint: options.sensitivityFingerprint,
        });
        for (const bits of asked) {
          planned.cells.push(...await rowCells(subject, { method, part, bits }, measured));
        }
      } catch (error) {
        if (!(error instanceof InputError)) throw error;
        planned.problems.push(
          ...error.problems.map((reason) => `${label}: ${reason}`),
        );
      }
    }
  }
  return planned;
}

/** Both rows of a method with so many bits. */
async function rowCells(
  subject: UnloadedSubject,
  facts: Pick<AllocationFacts, "method" | "part" | "bits">,
  measured: readonly MeasuredBits[],
): Promise<AllocationRow[]> {
  const { method, part, bits } = facts;
  const same = measured.filter((each) => each.bits === bits);
  const uniform = {
    average: averageBits(same),
    divergence: same.reduce((sum, each) => sum + each.divergence, 0),
  };
  const { average, divergence, allocation } = allocateBits(measured, method, part, uniform.average);
  const [row, allocated] = [
    { ...facts, ...uniform, isAllocated: false },
    { ...facts, average, divergence, isAllocated: true },
  ];
  return [
    await rowCell(subject, row, methods[method].withSame(part, bits)),
    await rowCell(subject, allocated, methods[method].with({ [part]: { allocation } })),
  ];
}

async function rowCell(
  subject: UnloadedSubject,
  facts: AllocationFacts,
  configured: ConfiguredMethod,
): Promise<AllocationRow> {
  const { model: { name, architecture }, facts: { validationText: _, ...known } } = subject;
  const row = allocationRow(facts);
  const label = `allocation/${name}/${row}`;
  const identity = (await sha256(canonicalJson(known))).slice(0, 12);
  const cell = cellOf(evaluationCells, subject, {
    ...{ id: `allocation/${identity}/${row}`, label },
    config: evaluationOf(known, facts.method, null, configured.settings),
    shares: sharedWeights(configured, architecture),
  });
  return { ...cell, row, label, facts };
}
