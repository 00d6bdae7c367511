import type { Profile } from "../../lib/format/mod.ts";
import type { SettingsChanges } from "../../lib/methods/mod.ts";
import type { PlannedImportance, PruningPlan } from "../measure/pruning_plan.ts";

/** What of AgileQ-8 is changed, one at a time. */
export const ablationParts = [
  "softmax",
  "powers",
  "steps",
  "firstToken",
  "importance",
  "positions",
] as const;

export type AblationPart = typeof ablationParts[number];

/** AgileQ-8 with one thing changed, or as it is. */
export interface AblationRow {
  /** As cells are named: `softmax-released-3`. */
  key: string;
  /** As tables print it. */
  label: string;
  /** The questions that it helps to answer; every one needs the row that changes nothing. */
  parts: readonly AblationPart[];
  /** What it changes of the method's settings. */
  settings?: SettingsChanges;
  /** By the number of layers; nothing is pruned without. */
  pruning?: (layers: number) => PruningPlan;
}

/** What the rows change: its settings are four bits of the released reading, K = 3, calibrated steps. */
export const ablatedMethod = "agileq-8";

const activations = (changes: object): SettingsChanges => ({ activations: changes });

function softmaxRows(profile: Profile): AblationRow[] {
  const reading = profile === "paper" ? "as printed" : "released code";
  return [2, 3, 4, 5, 6].filter((bits) => profile === "paper" || bits !== 4).map((bits) => ({
    key: `softmax-${profile}-${bits}`,
    label: `softmax in ${bits} bits, ${reading}`,
    parts: ["softmax"],
    settings: activations({ softmaxBits: bits, softmax: profile }),
  }));
}

/** Three tenths of the tokens, in equal shares at a quarter, half and three quarters of the layers. */
function prunedRow(
  key: string,
  label: string,
  parts: readonly AblationPart[],
  importance: PlannedImportance,
  positions: PruningPlan["positions"] = "renumber",
): AblationRow {
  const pruning = (layers: number): PruningPlan => ({
    beta: 0.3,
    layers: [...new Set([1, 2, 3].map((quarter) => Math.floor(quarter * layers / 4)))],
    importance,
    positions,
  });
  return { key, label, parts, pruning };
}

/** Every row of the table of ablations. A new one is one entry. */
export const ablationRows: readonly AblationRow[] = [
  { key: "agileq-8", label: "AgileQ-8", parts: ablationParts },
  ...softmaxRows("released"),
  ...softmaxRows("paper"),
  ...[0, 1, 2, 4, 5, 6].map((K): AblationRow => ({
    key: `powers-${K}`,
    label: K === 0 ? "one step per tensor (K = 0)" : `TRIP, K = ${K}`,
    parts: ["powers"],
    settings: activations({ K }),
  })),
  {
    key: "steps-token",
    label: "steps of each token, dynamic",
    parts: ["steps"],
    settings: activations({ steps: "token" }),
  },
  {
    key: "first-apart",
    label: "first token with steps of its own",
    parts: ["firstToken"],
    settings: activations({ firstToken: "apart" }),
  },
  prunedRow(
    "pruned-start",
    "pruned by attention to the first token",
    ["importance", "positions"],
    "startToken",
  ),
  prunedRow("pruned-columns", "pruned by attention received", ["importance"], "columnSums"),
  prunedRow("pruned-random", "pruned at random", ["importance"], "random"),
  prunedRow(
    "pruned-keep",
    "pruned by attention to the first token, positions kept",
    ["positions"],
    "startToken",
    "keep",
  ),
];
