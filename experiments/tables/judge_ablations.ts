import { type Threshold, verdictOf } from "../../lib/core/mod.ts";
import type { Reading } from "../../lib/eval/mod.ts";
import type { Architecture } from "../../lib/model/mod.ts";
import type { Evaluation } from "../measure/evaluation.ts";
import { formatEstimate } from "../result/format_estimate.ts";
import { type JudgedClaim, ratioOf } from "./claims.ts";
import type { AblatedModel } from "./measure_ablations.ts";

/** A claim about two rows: a perplexity of one over that of the other, on all positions. */
interface Comparison {
  claim: string;
  /** The keys of the rows. */
  rows: readonly [numerator: string, denominator: string];
  threshold: Threshold;
  /** Whether a model has what is changed; all have unless given. */
  applies?: (architecture: Architecture) => boolean;
}

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
  return comparisons.flatMap(({ claim, rows, threshold, applies = () => true }) => {
    const [one, other] = rows.map((key) => cells.get(key)?.result);
    if (!one || !other) return [];
    const ratio = ratioOf(everywhere(one), everywhere(other));
    const verdict = applies(architecture) ? verdictOf(ratio, threshold) : "not testable here";
    const evidence = `${rows.join(" / ")} = ${formatEstimate(ratio, 4)}`;
    return [{ claim, model: name, verdict, evidence }];
  });
}

/** A run as read on all positions: pruned tokens leave early there. */
export function everywhere({ survivors, allPositions }: Evaluation): Reading {
  return allPositions ?? survivors;
}
