import { verdictLegend } from "../../lib/core/mod.ts";
import type { Figure, Table } from "../../lib/report/mod.ts";
import type { PublishedTable } from "./published_table.ts";

/** A claim of the paper and what became of it. */
export interface ListedClaim {
  /** The table or figure: `Table 1`. */
  where: string;
  claim: string;
  /** The model or the instruction level; none for a figure, which is about all models together. */
  against?: string;
  /** A verdict; records of former versions have other words. */
  verdict: string;
  evidence: string;
}

/** Every claim of the published tables and figures. Figures that hold none of the paper have none. */
export function listClaims(
  tables: readonly PublishedTable[],
  drawn: readonly Figure[],
): ListedClaim[] {
  return [
    ...tables.flatMap(({ table, claims }) =>
      claims.map(({ model, level, ...judged }) => (
        { ...judged, where: tableName(table), against: model ?? level }
      ))
    ),
    ...drawn.flatMap(({ name, title, verdict, agreement }) =>
      verdict ? [{ where: figureName(name), claim: title, verdict, evidence: agreement }] : []
    ),
  ];
}

/** The claims as a table, one per row. */
export function claimTable(tables: readonly PublishedTable[], drawn: readonly Figure[]): Table {
  return {
    title: "Claims and verdicts",
    columns: ["Where", "Claim", "Held against", "Verdict", "Evidence"],
    rows: listClaims(tables, drawn).map(({ where, claim, against, verdict, evidence }) => [
      where,
      claim,
      against ?? "the paper's figure",
      verdict,
      evidence,
    ]),
    notes: [verdictLegend],
  };
}

/** `Table 1` of `Table 1: LLaMA`. */
export function tableName({ title }: Pick<Table, "title">): string {
  return title.split(":")[0];
}

/** `Figure 1` for figure1; our own figures are called by their name. */
export function figureName(name: string): string {
  const spaced = name.replace(/\d+$/, (number) => ` ${number}`);
  return spaced[0].toUpperCase() + spaced.slice(1);
}
