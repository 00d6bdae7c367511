import { sparsity, tokensPerLayer, type TokenTrack } from "../tokens/mod.ts";
import type { Pruning } from "../model/mod.ts";
import type { TableCell } from "../report/mod.ts";
import type { Description } from "./description.ts";

/** What is left of a window after each layer, and the sparsity of eq. 10. */
export function describeTrack(track: TokenTrack): Description {
  const left = tokensPerLayer(track);
  const rows = left.map((tokens, layer): TableCell[] => {
    const before = layer === 0 ? track.tokens : left[layer - 1];
    return [String(layer), tokens, before - tokens, percent(tokens / track.tokens)];
  });
  return {
    table: {
      title: `Tokens of a window of ${track.tokens}`,
      columns: ["layer", "tokens left", "pruned here", "share left, %"],
      rows,
      notes: [`Sparsity ${(100 * sparsity(left, track.tokens)).toFixed(2)} %.`],
    },
    bars: {
      title: "tokens left after each layer",
      ends: ["layer 0", `layer ${left.length - 1}`],
      values: left,
    },
  };
}

/** Where a plan prunes, and how much. */
export function describePruning({ ratios, positions }: Pruning): Description {
  let left = 1;
  const rows = [...ratios].map(([layer, ratio]): TableCell[] => {
    left *= 1 - ratio;
    return [String(layer), percent(ratio), percent(left)];
  });
  const numbering = positions === "renumber" ? "count from 0 again" : "keep their positions";
  return {
    table: {
      title: "Token pruning",
      columns: ["layer", "of its tokens pruned, %", "of all tokens left, %"],
      rows,
      notes: [`Survivors ${numbering}.`],
    },
  };
}

function percent(share: number): TableCell {
  return { value: 100 * share, digits: 2 };
}
