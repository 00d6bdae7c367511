import type { JudgedClaim } from "./claims.ts";
import { type Comparison, judgeComparisons } from "./comparisons.ts";
import type { AblatedModel } from "./measure_ablations.ts";

/** What the ablations ask. */
const comparisons: readonly Comparison[] = [
  {
    claim: "a fifth bit of the softmax gains less than 1 %",
    rows: ["agileq-8", "softmax-released-5"],
    threshold: { below: 1.01 },
  },
  {
    claim: "three bits of the softmax lose less than 10 % against four",
    rows: ["softmax-released-3", "agileq-8"],
    threshold: { below: 1.1 },
  },
  {
    claim: "equation 3 as printed costs perplexity in four bits",
    rows: ["softmax-paper-4", "agileq-8"],
    threshold: { above: 1 },
  },
  {
    claim: "with a fifth bit for its sign equation 3 as printed loses less than 1 %",
    rows: ["softmax-paper-5", "agileq-8"],
    threshold: { below: 1.01 },
  },
  {
    claim: "TRIP with K = 3 loses less than one step per tensor",
    rows: ["agileq-8", "powers-0"],
    threshold: { below: 1 },
  },
  {
    claim: "K = 6 gains less than 1 % over K = 3",
    rows: ["agileq-8", "powers-6"],
    threshold: { below: 1.01 },
  },
  {
    claim: "calibrated steps with TRIP lose less than 1 % against dynamic ones of each token",
    rows: ["agileq-8", "steps-token"],
    threshold: { below: 1.01 },
  },
  {
    claim: "a first token with steps of its own loses less than with those of all",
    rows: ["first-apart", "agileq-8"],
    threshold: { below: 1 },
  },
  {
    claim: "pruning by attention to the first token loses less than by attention received",
    rows: ["pruned-start", "pruned-columns"],
    threshold: { below: 1 },
  },
  {
    claim: "pruning by attention to the first token loses less than at random",
    rows: ["pruned-start", "pruned-random"],
    threshold: { below: 1 },
  },
  {
    claim: "renumbered positions lose less than those that tokens had",
    rows: ["pruned-start", "pruned-keep"],
    threshold: { below: 1 },
    // Learned positions are added once, before any token leaves.
    applies: ({ positions }) => positions.kind !== "learned",
  },
];

/** Judges what the ablations of a model ask, as far as their rows were measured. */
export function judgeAblations(
  { subject, cells }: Pick<AblatedModel, "subject" | "cells">,
): JudgedClaim[] {
  const { name, architecture } = subject.model;
  return judgeComparisons(comparisons, {
    ...{ name, architecture },
    resultOf: (row) => cells.get(row)?.result,
  });
}
