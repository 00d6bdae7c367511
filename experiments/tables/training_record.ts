import { canonicalJson } from "../../lib/core/mod.ts";
import { exists, isObject } from "../../lib/io/mod.ts";
import type { TrainingConfig, TrainingResult } from "../measure/training_measure.ts";
import { isProvenance, type Provenance } from "../result/provenance.ts";
import { isListOf, isText, readRecord } from "../result/result_record.ts";
import { requireKeepable } from "./keep_rows.ts";

/** A row of the table of trainings, as its record has it. */
export interface TrainingCell {
  /** `training/llama-encyclopedia/rounded/200x4/32` */
  id: string;
  config: TrainingConfig;
  result: TrainingResult;
  /** The commit whose code measured it, where it is kept from an earlier record. */
  commit?: string | null;
}

/** What the file of the table holds, besides the table. */
export interface TrainingRecord {
  provenance: Provenance;
  cells: TrainingCell[];
}

/**
 * Reads what `deno task training` wrote, if it is there.
 *
 * @throws {InputError} If it is not such a file.
 */
export async function readTrainingRecord(path: string): Promise<TrainingRecord | undefined> {
  return await exists(path)
    ? await readRecord(path, "deno task training", isTrainingRecord)
    : undefined;
}

/**
 * The rows of an earlier record, which others are added to. Each says which commit measured it.
 *
 * @param path Of the record.
 * @param planned All rows that the table can have, as they are trained and measured now.
 * @throws {InputError} If the record has others.
 */
export function keptTrainings(
  { cells, provenance: { commit } }: TrainingRecord,
  path: string,
  planned: readonly Pick<TrainingCell, "id" | "config">[],
): TrainingCell[] {
  const known = new Set(planned.map(({ id, config }) => canonicalJson([id, config])));
  requireKeepable({ cells }, path, ({ id, config }) => known.has(canonicalJson([id, config])));
  return cells.map((cell) => ({ ...cell, commit: cell.commit ?? commit }));
}

function isTrainingRecord(value: unknown): value is TrainingRecord {
  if (!isObject(value)) return false;
  const { provenance, cells } = value as Partial<TrainingRecord>;
  return isProvenance(provenance) && isListOf(cells, isCell);
}

function isCell(value: unknown): boolean {
  if (!isObject(value) || !isText(value.id) || !isObject(value.config)) return false;
  const { result } = value;
  return isObject(result) && isObject(result.full) && Array.isArray(result.rounded) &&
    isObject(result.sinks);
}
