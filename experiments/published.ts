import { decodeJson, require } from "../lib/core/mod.ts";
import { readText } from "../lib/io/mod.ts";
import type { Table } from "../lib/report/mod.ts";
import type { JudgedClaim } from "./claims.ts";
import type { MeasuredCell } from "./measure.ts";

/** A table of the paper with our measurements, as `results/` has it. */
export interface PublishedTable {
  table: Table;
  claims: JudgedClaim[];
  cells: MeasuredCell[];
}

/**
 * Reads a table that `deno task reproduce` wrote.
 *
 * @param path Such as `results/table1.json`.
 * @throws {InputError} If it is not there or is not such a file.
 */
export async function readPublishedTable(path: string): Promise<PublishedTable> {
  const record = decodeJson(await readText(path)) as Partial<PublishedTable>;
  const complete = record.table && record.claims && record.cells;
  require(complete !== undefined, `read ${path}`, "it must hold table, claims and cells");
  return record as PublishedTable;
}

/** Every claim that was judged, with what decided. */
export function claimTable(published: readonly PublishedTable[]): Table {
  return {
    title: "The paper's claims on the measured models",
    columns: ["model", "claim", "verdict", "evidence"],
    rows: published.flatMap(({ claims }) =>
      claims.map(({ model, claim, verdict, evidence }) => [model, claim, verdict, evidence])
    ),
  };
}
