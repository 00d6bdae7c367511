import { canonicalJson, type Progress, sha256 } from "../core/mod.ts";

/** One independent measurement of an experiment, such as one model under one method. */
export interface Cell<Config, Result> {
  /** Human readable and unique within the experiment: `opt-small/gptq/w4a8`. */
  id: string;
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
