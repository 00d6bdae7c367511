import { canonicalJson, InputError, sha256 } from "../../lib/core/mod.ts";
import { type MethodName, methods, sharedWeights } from "../../lib/methods/mod.ts";
import { type Executor, runCells, type RunOptions } from "../../lib/sweep/mod.ts";
import { cellOf, withExecutor } from "../cells/cell_runner.ts";
import { type Evaluation, evaluationCells, evaluationOf } from "../measure/evaluation.ts";
import type { UnloadedSubject } from "../measure/subject.ts";
import {
  allocateBits,
  type AllocatedBits,
  type MeasuredMap,
  measureSensitivities,
  storedBits,
} from "./allocate_bits.ts";
import type { MeasuredCell, RowCell } from "./measure_models.ts";
import { type MeasuredRows, measuredRows } from "./measured_rows.ts";

/** A method with the same bits for all linear maps, or with those bits shared out: what tells the two apart. */
interface AllocationFacts {
  method: MethodName;
  /** Of all linear maps, whose storage is the budget of those that have bits of their own. */
  bits: number;
  isAllocated: boolean;
  /** The sum of what the linear maps cost one by one, nats per token of the calibration text. */
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
  /** Each is the bits of all linear maps, and the budget to share out. */
  bits: readonly number[];
  /** Stands for the code that measures sensitivities. */
  sensitivityFingerprint: string;
  /** Windows of the calibration text that these are measured on. */
  scored?: number;
}

/** What tells the rows of a method apart: `rtn4-3`, `rtn4-3-allocated`. */
export function allocationRow(method: MethodName, bits: number, isAllocated: boolean): string {
  return `${method}-${bits}${isAllocated ? "-allocated" : ""}`;
}

/**
 * Measures methods with the same bits for all linear maps, and with those bits shared out by measured
 * sensitivities within the same storage. What was measured before is taken from the store. A method that refuses a
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
    try {
      const measured = await measureSensitivities(subject, method, methods[method], {
        ...options,
        fingerprint: options.sensitivityFingerprint,
      });
      for (const bits of options.bits) {
        planned.cells.push(...await rowCells(subject, method, bits, measured));
      }
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      planned.problems.push(
        ...error.problems.map((reason) => `allocation/${subject.model.name}/${method}: ${reason}`),
      );
    }
  }
  return planned;
}

/** Both rows of a method with so many bits; none where it does not have them. */
async function rowCells(
  subject: UnloadedSubject,
  method: MethodName,
  bits: number,
  measured: readonly MeasuredMap[],
): Promise<AllocationRow[]> {
  const uniform = measured.filter((each) => each.bits === bits);
  if (uniform.length === 0) return [];
  const { divergence, allocation }: AllocatedBits = allocateBits(
    measured,
    method,
    storedBits(uniform),
  );
  const together = uniform.reduce((sum, each) => sum + each.divergence, 0);
  return [
    await rowCell(subject, { method, bits, isAllocated: false, divergence: together }, { bits }),
    await rowCell(subject, { method, bits, isAllocated: true, divergence }, { allocation }),
  ];
}

async function rowCell(
  subject: UnloadedSubject,
  facts: AllocationFacts,
  weights: object,
): Promise<AllocationRow> {
  const { model: { name, architecture }, facts: { validationText: _, ...known } } = subject;
  const { method, bits, isAllocated } = facts;
  const row = allocationRow(method, bits, isAllocated);
  const label = `allocation/${name}/${row}`;
  const identity = (await sha256(canonicalJson(known))).slice(0, 12);
  const cell = cellOf(evaluationCells, subject, {
    ...{ id: `allocation/${identity}/${row}`, label },
    config: evaluationOf(known, method, null, { weights }),
    shares: sharedWeights(methods[method].with({ weights }), architecture),
  });
  return { ...cell, row, label, facts };
}
