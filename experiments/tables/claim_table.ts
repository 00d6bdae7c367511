import { verdictLegend } from "../../lib/core/mod.ts";
import type { Figure, Table } from "../../lib/report/mod.ts";

/** What the file of a published table holds, as far as verdicts go. */
export interface PublishedTable {
  table: Table;
  claims: readonly PublishedClaim[];
}

/** A claim of the paper held against one model, or one instruction level of a machine. */
export interface PublishedClaim {
  claim: string;
  model?: string;
  level?: string;
  /** A verdict; records of former versions have other words. */
  verdict: string;
  evidence: string;
}

/**
 * Every claim of the published tables and figures with its verdict, one per row. Figures that hold
 * no claim of the paper have none.
 */
export function claimTable(tables: readonly PublishedTable[], drawn: readonly Figure[]): Table {
  return {
    title: "Claims and verdicts",
    columns: ["Where", "Claim", "Held against", "Verdict", "Evidence"],
    rows: [
      ...tables.flatMap(({ table, claims }) =>
        claims.map(({ claim, model, level, verdict, evidence }) => [
          table.title.split(":")[0],
          claim,
          model ?? level ?? "this machine",
          verdict,
          evidence,
        ])
      ),
      ...drawn.flatMap(({ name, title, verdict, agreement }) =>
        verdict
          ? [[
            name.replace(/^figure(\d)/, "Figure $1"),
            title,
            "the paper's figure",
            verdict,
            agreement,
          ]]
          : []
      ),
    ],
    notes: [verdictLegend],
  };
}
