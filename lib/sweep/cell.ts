import { canonicalJson, type Progress, sha256 } from "../core/mod.ts";

/** One independent measurement of an experiment, such as one model under one method. */
export interface Cell<Config, Result> {
  /** Unique within the experiment, and the same whatever else is measured: `table1/3b9ee320/gptq4`. */
  id: string;
  /** What progress and refusals call the cell; its id unless given. */
  label?: string;
  /** Everything that the result depends on, as plain data. */
  config: Config;
  /**
   * Measures. The result is plain data, as `encodeJson` takes it.
   *
   * @param signal Looked at between windows by `signal.throwIfAborted()`.
   */
  run(progress: Progress, signal: AbortSignal): Promise<Result>;
}

/** A finished cell as it is stored. */
export interface CellRecord {
  id: string;
  config: unknown;
  fingerprint: string;
  result: unknown;
  /** Of all the rest, so that a record which was damaged or edited is known as such. */
  checksum: string;
}

/** Where finished cells are kept between runs. */
export interface CellStore {
  /** The record stored under a key, or null when there is none that can be read. */
  get(key: string): Promise<CellRecord | null>;
  /** Stores a record whole or not at all. */
  set(key: string, record: CellRecord): Promise<void>;
}

/** A store that keeps nothing: every cell is measured. */
export const forgetful: CellStore = {
  get: () => Promise.resolve(null),
  set: () => Promise.resolve(),
};

/**
 * The key of a cell's record: the SHA-256 of its id, config and fingerprint, whatever the order in
 * which the config's properties were written.
 *
 * @param fingerprint Stands for what the config does not say: the code, the weights, the data.
 * @throws {InputError} If the config is not plain data.
 */
export async function cellKey(cell: Cell<unknown, unknown>, fingerprint: string): Promise<string> {
  return await sha256(canonicalJson({ id: cell.id, config: cell.config, fingerprint }));
}

/**
 * The record of a finished cell.
 *
 * @throws {InputError} If config or result are not plain data.
 */
export async function recordOf(
  { id, config }: Cell<unknown, unknown>,
  fingerprint: string,
  result: unknown,
): Promise<CellRecord> {
  const checksum = await sha256(canonicalJson({ id, config, fingerprint, result }));
  return { id, config, fingerprint, result, checksum };
}

/**
 * Whether a stored record is one of this very cell and holds what was once measured: its id, config
 * and fingerprint are those asked for and nothing of it has changed since.
 */
export async function isRecordOf(
  cell: Cell<unknown, unknown>,
  fingerprint: string,
  stored: CellRecord,
): Promise<boolean> {
  const expected = await recordOf(cell, fingerprint, stored.result);
  return canonicalJson(stored) === canonicalJson(expected);
}
