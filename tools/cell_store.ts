import { decodeJson, encodeJson } from "../lib/core/mod.ts";
import { persist, writeAtomically } from "../lib/io/mod.ts";
import type { CellRecord, CellStore } from "../lib/sweep/mod.ts";

/** The folder where reproduce and figures keep what was measured. */
export const cellFolder = "results/.cells";

/**
 * Keeps the finished cells of experiments in a folder, one JSON file each, which processes of several machines may
 * share on a network file system: nothing is locked.
 *
 * A file that is missing, damaged or unreadable counts as no record: its cell is measured again. A
 * record appears under its name only once it is complete and on the disk, whenever the process is killed. Where two
 * processes measure the same cell, the record that is stored last stays: their results are the same, and each tells
 * truly how many seconds its own measurement took. Renaming replaces a damaged record as well, in one step, on every
 * file system.
 *
 * @param folder Made on the first write if it is missing.
 */
export function fileCellStore(folder: string): CellStore {
  const fileOf = (key: string) => `${folder}/${key}.json`;
  return {
    async get(key) {
      try {
        const record = decodeJson(await persist(() => Deno.readTextFile(fileOf(key))));
        return isRecord(record) ? record : null;
      } catch {
        return null;
      }
    },
    set: (key, record) => writeAtomically(fileOf(key), `${encodeJson(record, 2)}\n`),
  };
}

/** A store, and what the cells took to measure that were found there or put there. */
export interface TimedStore extends CellStore {
  /** By the ids of the cells, in the order in which they were asked for. */
  readonly seconds: Record<string, number>;
}

/** A store that notes what its cells took. */
export function timedStore(store: CellStore): TimedStore {
  const seconds: Record<string, number> = {};
  const note = (record: CellRecord | null) => {
    if (record?.seconds !== undefined) seconds[record.id] = record.seconds;
  };
  return {
    seconds,
    async get(key) {
      const record = await store.get(key);
      note(record);
      return record;
    },
    set(key, record) {
      note(record);
      return store.set(key, record);
    },
  };
}

function isRecord(value: unknown): value is CellRecord {
  const names = ["id", "config", "fingerprint", "result", "checksum"];
  return typeof value === "object" && value !== null && names.every((name) => name in value);
}
