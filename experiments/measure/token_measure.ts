import { type Estimate, mean, require } from "../../lib/core/mod.ts";
import { type RunHooks, scoreRuns } from "../../lib/eval/mod.ts";
import { siteValues } from "../../lib/inspect/mod.ts";
import { startTokenImportance } from "../../lib/tokens/mod.ts";
import type { CellKind } from "./cell_kind.ts";
import type { FigureSubject } from "./figure_subject.ts";
import { meanEstimate } from "./mean_estimate.ts";
import { pruningFor, type PruningPlan } from "./pruning_plan.ts";

/** How the fate of tokens is followed. */
export interface TokenSettings {
  pruning: PruningPlan;
  /** Tokens of the sample text, the first of the first test window. */
  sample: number;
  /** Test windows whose losses are compared. */
  windows: number;
}

/** Which tokens of a text are pruned where, and whether they were hard to continue. */
export interface MeasuredTokens {
  /** The tokens of the sample as text, their ids where there is no tokenizer. */
  tokens: string[];
  /** Importance `[layer][token]`, eq. 4 over the number of heads; null once a token is pruned. */
  importance: (number | null)[][];
  /** The layer that pruned each token; null where it survived. */
  prunedAt: (number | null)[];
  /** Mean loss without pruning at the positions that survive, and at those that do not; nats. */
  keptLoss: Estimate;
  prunedLoss: Estimate;
  /** How much larger the loss of the pruned positions is, window by window; nats. */
  difference: Estimate;
}

const longEnough =
  "--window must be so long that of each window some scored tokens are pruned and some survive";

/** Follows the tokens of a sample text through the pruning layers, in full precision. */
export async function measureTokens(
  { model, tokenizer, testWindows }: FigureSubject,
  { pruning: plan, sample, windows }: TokenSettings,
  { progress, signal }: RunHooks,
): Promise<MeasuredTokens> {
  const pruning = pruningFor(model, plan);
  const text = testWindows[0].subarray(0, sample);
  const importance: (number | null)[][] = [];
  const prunedAt: (number | null)[] = new Array(text.length).fill(null);
  const maps = await siteValues(model, text, "attn.probs", { pruning, signal });
  const after = await siteValues(model, text, "mlp.input", { pruning, signal });
  for (const [layer, { values, shape: [heads, tokens], positions }] of maps.entries()) {
    const scores = startTokenImportance(values, { heads, tokens });
    const row: (number | null)[] = new Array(text.length).fill(null);
    positions.forEach((position, index) => row[position] = scores[index] / heads);
    importance.push(row);
    const left = new Set(after[layer].positions);
    for (const position of positions) if (!left.has(position)) prunedAt[position] = layer;
  }
  const losses = { kept: [] as number[], pruned: [] as number[] };
  const scores = await scoreRuns(
    [{ model, options: { pruning } }, { model }],
    testWindows.slice(0, windows),
    { progress, signal, label: `losses of ${model.name}` },
  );
  for (const [{ survived }, { loss }] of scores) {
    const [kept, pruned] = [true, false].map((wanted) =>
      loss.filter((_, position) => Boolean(survived[position]) === wanted)
    );
    const isSplit = kept.length > 0 && pruned.length > 0;
    require(isSplit, `draw ${model.name}`, longEnough, testWindows[0].length);
    losses.kept.push(mean(kept));
    losses.pruned.push(mean(pruned));
  }
  return {
    tokens: Array.from(text, (id) => tokenizer?.decode([id]) ?? String(id)),
    importance,
    prunedAt,
    keptLoss: meanEstimate(losses.kept),
    prunedLoss: meanEstimate(losses.pruned),
    difference: meanEstimate(losses.pruned.map((loss, index) => loss - losses.kept[index])),
  };
}

/** The cells of figure 4. */
export const tokenCells: CellKind<TokenSettings, MeasuredTokens> = {
  experiment: "figure4",
  measure: measureTokens,
};
