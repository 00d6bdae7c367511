import type { MethodName, SettingsChanges } from "../../lib/methods/mod.ts";
import type { PruningPlan } from "../measure/pruning_plan.ts";

/** A row of a table, and how it is measured. */
export interface MethodRow {
  /** As cells and expectations are named; the same measurement in every table that has it. */
  key: string;
  /** As tables print it. */
  label: string;
  method: MethodName;
  /** What it changes of the method's settings. */
  settings?: SettingsChanges;
  /** Nothing is pruned without. */
  pruning: PruningPlan | null;
}

/** A row of the tables of families. */
export interface TableRow extends MethodRow {
  /** The row of the paper's tables that it stands beside; that of its label unless given. */
  printed?: { method: string; weight: string };
  /** Whether it stands in those tables of the paper alone that have such a row; table `rivals` has it for all. */
  printedOnly?: boolean;
  /**
   * How far a perplexity may lie from what is expected, as a share of it. Matrix products round
   * differently from machine to machine, and rounding to codes makes that visible.
   */
  tolerance: number;
}

/**
 * The pruning of AgileQ-8*. The released configuration ships every ratio as 0 and the paper names
 * none, so this plan is ours: a tenth of the tokens over the last two layers. Earlier layers or more
 * tokens cost the bundled models more on the tokens that survive.
 */
const star: PruningPlan = { beta: 0.1, layers: [-2, -1], positions: "renumber" };

/** Every row that is measured. A new one is one entry. */
const rows = [
  { key: "fp16", label: "FP16", method: "fp16", pruning: null, tolerance: 1e-4 },
  { key: "fp16-pruned", label: "FP16*", method: "fp16", pruning: star, tolerance: 1e-3 },
  { key: "rtn4", label: "RTN", method: "rtn4", pruning: null, tolerance: 1e-4 },
  { key: "gptq4", label: "GPTQ", method: "gptq4", pruning: null, tolerance: 1e-2 },
  { key: "awq4", label: "AWQ", method: "awq4", pruning: null, tolerance: 1e-2 },
  {
    key: "squeezellm4",
    label: "SqueezeLLM",
    method: "squeezellm4",
    printedOnly: true,
    pruning: null,
    tolerance: 1e-2,
  },
  {
    key: "spqr3",
    label: "SpQR, 3 bits",
    printed: { method: "SpQR", weight: "3.94 bits average" },
    method: "spqr3",
    printedOnly: true,
    pruning: null,
    tolerance: 1e-2,
  },
  {
    key: "mofq8",
    label: "MoFQ8",
    method: "mofq8",
    printedOnly: true,
    pruning: null,
    tolerance: 1e-2,
  },
  {
    key: "zeroquant-v2",
    label: "ZeroQuant-V2",
    method: "zeroquant-v2",
    printedOnly: true,
    pruning: null,
    tolerance: 1e-2,
  },
  {
    key: "zeroquant-fp-int8",
    label: "ZeroQuant-FP, INT8/INT8",
    printed: { method: "ZeroQuant-FP", weight: "INT8" },
    method: "zeroquant-fp-int8",
    printedOnly: true,
    pruning: null,
    tolerance: 1e-2,
  },
  {
    key: "zeroquant-fp-int4",
    label: "ZeroQuant-FP, INT4/INT8",
    printed: { method: "ZeroQuant-FP", weight: "INT4" },
    method: "zeroquant-fp-int4",
    printedOnly: true,
    pruning: null,
    tolerance: 1e-2,
  },
  {
    key: "zeroquant-fp-lorc",
    label: "ZeroQuant-FP + LoRC, INT4/INT8",
    printed: { method: "ZeroQuant-FP + LoRC", weight: "INT4" },
    method: "zeroquant-fp-lorc",
    printedOnly: true,
    pruning: null,
    tolerance: 1e-2,
  },
  {
    key: "agileq-8-activations",
    label: "AgileQ-8 activations",
    method: "agileq-8-activations",
    pruning: null,
    tolerance: 1e-2,
  },
  {
    key: "agileq-8-activations-pruned",
    label: "AgileQ-8 activations*",
    method: "agileq-8-activations",
    pruning: star,
    tolerance: 2e-2,
  },
  { key: "agileq-8", label: "AgileQ-8", method: "agileq-8", pruning: null, tolerance: 1e-2 },
  {
    key: "agileq-8-pruned",
    label: "AgileQ-8*",
    method: "agileq-8",
    pruning: star,
    tolerance: 2e-2,
  },
  {
    key: "agileq-8-eq3",
    label: "AgileQ-8, eq. 3 as printed",
    method: "agileq-8-eq3",
    pruning: null,
    tolerance: 4e-2,
  },
  { key: "agileq-4", label: "AgileQ-4", method: "agileq-4", pruning: null, tolerance: 2e-2 },
  {
    key: "agileq-4-pruned",
    label: "AgileQ-4*",
    method: "agileq-4",
    pruning: star,
    tolerance: 4e-2,
  },
  { key: "agileq-4-8", label: "AgileQ-4/8", method: "agileq-4/8", pruning: null, tolerance: 2e-2 },
] as const satisfies readonly TableRow[];

/** What tells the rows apart. */
export type RowKey = typeof rows[number]["key"];

/** The rows of the tables, in their order. */
export const tableRows: readonly (TableRow & { key: RowKey })[] = rows;

/** Rows beside which no other could be told apart in a picture. */
export const offScale: readonly string[] = ["agileq-8-eq3"] satisfies RowKey[];
