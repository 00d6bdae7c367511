import { canonicalJson, type Progress, sha256 } from "../core/mod.ts";

/** One independent measurement, such as one model under one method, as plain data that any process can run. */
export interface CellSpec<Config = unknown> {
  /** Unique among all cells, and the same whatever else is measured: `table1/3b9ee320/gptq4`. */
  id: string;
  /** What progress and refusals call the cell; its id unless given. */
  label?: string;
  /** Which function measures it: a name that its runner knows. */
  experiment: string;
  /** Which model is measured: where it lies and how to open it. Not part of the cell's identity. */
  model: unknown;
  /** Everything that the result depends on. */
  config: Config;
  /** What is costly to make and the same in all cells of a model that agree in this, if anything. */
  shares?: string;
}

/** What a cell reports to while it is measured. */
export interface CellHooks {
  progress: Progress;
  /** Looked at between windows by `signal.throwIfAborted()`. */
  signal: AbortSignal;
}

/**
 * Measures any cell. The result is plain data, as `encodeJson` takes it.
 *
 * @throws {InputError} If the cell's model or config do not allow it.
 */
export type CellRunner = (cell: CellSpec, hooks: CellHooks) => Promise<unknown>;

/** What makes a cell the one that it is. */
type Identity = Pick<CellSpec, "id" | "config">;

/** A finished cell as it is stored. */
export interface CellRecord {
  id: string;
  config: unknown;
  fingerprint: string;
  result: unknown;
  /** What it took to measure. */
  seconds?: number;
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
export async function cellKey({ id, config }: Identity, fingerprint: string): Promise<string> {
  return await sha256(canonicalJson({ id, config, fingerprint }));
}

/**
 * The record of a finished cell.
 *
 * @throws {InputError} If config or result are not plain data.
 */
export async function recordOf(
  { id, config }: Identity,
  fingerprint: string,
  result: unknown,
  seconds?: number,
): Promise<CellRecord> {
  const record = { id, config, fingerprint, result, ...seconds !== undefined && { seconds } };
  return { ...record, checksum: await sha256(canonicalJson(record)) };
}

/**
 * Whether a stored record is one of this very cell and holds what was once measured: its id, config
 * and fingerprint are those asked for and nothing of it has changed since.
 */
export async function isRecordOf(
  cell: Identity,
  fingerprint: string,
  stored: CellRecord,
): Promise<boolean> {
  const expected = await recordOf(cell, fingerprint, stored.result, stored.seconds);
  return canonicalJson(stored) === canonicalJson(expected);
}

/** The record of a cell that a store has, or null: one that is not what was once written for it counts as none. */
export async function storedRecord(
  cell: Identity,
  store: CellStore,
  fingerprint: string,
): Promise<CellRecord | null> {
  const stored = await store.get(await cellKey(cell, fingerprint));
  return stored && await isRecordOf(cell, fingerprint, stored) ? stored : null;
}
