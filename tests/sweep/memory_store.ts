import type { CellRecord, CellStore } from "../../lib/sweep/mod.ts";

/** A store that lasts as long as the test. */
export function memoryStore(): CellStore & { records: Map<string, CellRecord> } {
  const records = new Map<string, CellRecord>();
  return {
    records,
    get: (key) => Promise.resolve(records.get(key) ?? null),
    set: (key, record) => Promise.resolve(void records.set(key, record)),
  };
}
