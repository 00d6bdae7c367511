import { type Estimate, type Verdict, verdictOf } from "../../lib/core/mod.ts";

/**
 * Whether pruning improves a model. The run scored as the released code does must be better than the
 * unpruned one. It must also be better than the same model without pruning on the very same tokens.
 * Where it is not, but that control too is better than the unpruned run, the gain lies in which
 * tokens are scored.
 *
 * @param released Perplexity of the survivors over that of the unpruned run.
 * @param byPruning The same over the control's.
 * @param bySelection The control's over that of the unpruned run.
 */
export function pruningVerdict(
  released: Estimate,
  byPruning: Estimate,
  bySelection: Estimate,
): Verdict {
  const [gain, pruning, selection] = [released, byPruning, bySelection].map((ratio) =>
    verdictOf(ratio, { below: 1 })
  );
  if (gain !== "reproduced") return gain;
  const explained = pruning !== "reproduced" && selection === "reproduced";
  return explained ? "explained by the scored subset" : pruning;
}
