import { type MethodName, methods } from "../../lib/methods/mod.ts";
import type { Comparison } from "./comparisons.ts";
import { ownRow, type PerplexityTable } from "./family_tables.ts";
import { activationClaims, formatClaims, rivalClaims } from "./method_claims.ts";
import { type MethodRow, tableRows } from "./table_rows.ts";

/** A table of ours, which is asked for by its name and is about models of every family. */
export interface NamedTable extends PerplexityTable {
  /** What authors claim of its rows that any model can test. */
  claims: readonly Comparison[];
  /** Whose bits its picture holds against the KL divergence. */
  bits: "weight" | "activation";
  /** Whether it says what linear maps compute, and what energy that takes. */
  counted?: boolean;
}

/** Methods that are a form of storing numbers. */
const formatMethods: readonly MethodName[] = [
  ...["fp8", "fp8-e5m2", "fp6", "fp6-e3m2", "fp4", "mxfp8", "mxfp6", "mxfp4"] as const,
  ...["zeroquant-fp-w8a8", "zeroquant-fp-w4a8"] as const,
  ...["zeroquant-fp-m1", "zeroquant-fp-m2", "zeroquant-fp-m2-floor"] as const,
  ...["bitmod4", "bitmod3", "bipolar4", "ternary"] as const,
  ...["fixed-point8", "fixed-point8-activations", "nupes4", "nupes-w4a8"] as const,
  "dfp16",
  ...["l-mul", "l-mul-attention", "l-mul-both"] as const,
];

const allMethods = Object.keys(methods) as MethodName[];

/** Other settings of methods, which say what a part of one is worth. */
const variants = {
  rtnGroups: variant("rtn4-g128", "RTN in groups of 128", "rtn4", { weights: { groupSize: 128 } }),
  gptq3: variant("gptq3", "GPTQ, 3 bits", "gptq4", { weights: { bits: 3 } }),
  int8Tokens: variant("llm-int8-plain", "LLM.int8() without outliers", "llm-int8", {
    activations: { threshold: 0 },
  }),
  tokens8: variant("tokens-w8a8", "steps of tokens W8A8", "crossquant-w8a8", {
    activations: { alpha: 1 },
  }),
  tokens48: variant("tokens-w4a8", "steps of tokens W4A8", "crossquant-w4a8", {
    activations: { alpha: 1 },
  }),
  tokens4: variant("tokens-w4a4", "steps of tokens W4A4", "crossquant-w4a4", {
    activations: { alpha: 1 },
  }),
  rtn3Groups: variant("rtn3-g128", "RTN in groups of 128, 3 bits", "rtn4", {
    weights: { bits: 3, groupSize: 128 },
  }),
  rtnAbsmax: variant("rtn4-absmax", "RTN, symmetric", "rtn4", {
    weights: { symmetric: true, range: "absmax" },
  }),
  cometEight: variant("comet-8", "COMET, eight bits throughout", "comet", {
    activations: { threshold: 0 },
  }),
  floats8: variant("mofq8-float", "MoFQ8, floats alone", "mofq8", {
    weights: { only: "float" },
    activations: { only: "float" },
  }),
  integers8: variant("mofq8-integer", "MoFQ8, integers alone", "mofq8", {
    weights: { only: "integer" },
    activations: { only: "integer" },
  }),
  oneStep: variant(
    "agileq-8-activations-0",
    "AgileQ-8 activations, one step (K = 0)",
    "agileq-8-activations",
    { activations: { K: 0 } },
  ),
  tokenSteps: variant(
    "agileq-8-activations-token",
    "AgileQ-8 activations, steps of tokens",
    "agileq-8-activations",
    { activations: { steps: "token" } },
  ),
  oneStepFour: variant("agileq-4-0", "AgileQ-4, one step (K = 0)", "agileq-4", {
    activations: { K: 0 },
  }),
  rotatedOneStep: variant(
    "agileq-8-rotated-0",
    "AgileQ-8, rotated, one step (K = 0)",
    "agileq-8-rotated",
    { activations: { K: 0 } },
  ),
  rotatedOneStepFour: variant(
    "agileq-4-rotated-0",
    "AgileQ-4, rotated, one step (K = 0)",
    "agileq-4-rotated",
    { activations: { K: 0 } },
  ),
};

/** The tables, in their order. */
export const namedTables: readonly NamedTable[] = [
  {
    ...table("rivals", "Rivals: methods beside Agile-Quant", [
      ...allMethods.filter((name) => !formatMethods.includes(name)).map(rowOf),
      ...[variants.rtnGroups, variants.gptq3, variants.int8Tokens, variants.tokens8],
      ...[variants.floats8, variants.integers8, variants.cometEight],
    ]),
    bits: "weight",
    claims: rivalClaims,
  },
  {
    ...table("formats", "Formats: ways to store numbers", [
      ...(["fp16", "rtn4"] as const).map(rowOf),
      ...[variants.rtnGroups, variants.rtnAbsmax, variants.rtn3Groups],
      ...[variants.tokens8, variants.tokens48],
      ...formatMethods.map(rowOf),
    ]),
    bits: "weight",
    counted: true,
    claims: formatClaims,
  },
  {
    ...table("activation", "Activation: ways to quantize activations", [
      rowOf("fp16"),
      ...allMethods.filter((name) =>
        methods[name].settings.activations && !formatMethods.includes(name)
      ).map(rowOf),
      ...[variants.int8Tokens, variants.tokens8, variants.tokens48, variants.tokens4],
      ...[variants.oneStep, variants.tokenSteps, variants.oneStepFour],
      ...[variants.rotatedOneStep, variants.rotatedOneStepFour],
    ]),
    bits: "activation",
    claims: activationClaims,
  },
];

/** Whether a table says what linear maps compute. */
export function isCounted(table: PerplexityTable): boolean {
  return isNamed(table) && table.counted === true;
}

/** Whether a table is one of these. */
export function isNamed(table: PerplexityTable): table is NamedTable {
  return "claims" in table;
}

function table(key: string, title: string, rows: readonly MethodRow[]) {
  return { key, title, columns: [], rows: rows.map((row) => ownRow(row)) };
}

/** A method as it is: where the tables of families have it, the same row. */
function rowOf(method: MethodName): MethodRow {
  const isThis = (row: MethodRow) => row.method === method && !row.settings && !row.pruning;
  return tableRows.find(isThis) ??
    { key: method, label: methods[method].title, method, pruning: null };
}

function variant(
  key: string,
  label: string,
  method: MethodName,
  settings: MethodRow["settings"],
): MethodRow {
  return { key, label, method, settings, pruning: null };
}
