import { combineVerdicts, describeCases, verdictOf } from "../../lib/core/mod.ts";
import { barChart, type Drawing, heatmap, letterOf, panels } from "../../lib/report/mod.ts";
import type { PruningPlan } from "../measure/pruning_plan.ts";
import type { MeasuredTokens } from "../measure/token_measure.ts";
import { formatEstimate } from "../result/format_estimate.ts";

/** What figure 4 shows of one model. */
export interface Figure4Row extends MeasuredTokens {
  model: string;
}

/** Draws figure 4 and says what it shows. */
export function drawFigure4(
  rows: readonly Figure4Row[],
  { beta, depths }: Pick<PruningPlan, "beta"> & { depths: readonly number[] },
): Drawing {
  const scores = rows.flatMap(({ importance }) => importance.flat())
    .filter((score) => score !== null && score > 0) as number[];
  const range = [Math.max(1e-5, Math.min(...scores)), 1] as const;
  const cases = rows.map(({ model, difference }) => (
    { name: model, verdict: verdictOf(difference, { below: 0 }) }
  ));
  return {
    shows:
      `The first words of a test text, and the attention of each token to the first one, mean ` +
      `of the heads, layer by layer; a token is blank once it is pruned (${
        100 * beta
      } % over the ` +
      `layers at ${
        depths.join(", ")
      } of the depth, in full precision). Below: mean loss without pruning at the ` +
      "positions that survive and at those that do not.",
    verdict: combineVerdicts(cases),
    agreement:
      "The paper takes tokens that attend little to the first one for unimportant, so they " +
      "should be the easy ones to continue. Where they are the hard ones, leaving them out of the " +
      `score lowers perplexity without any gain. That they are easier is ${describeCases(cases)}.`,
    details: rows.map(({ model, difference }, index) =>
      `${model}: ${
        cases[index].verdict
      }; the mean loss at pruned positions, less that at survivors, is ` +
      `${formatEstimate(difference, 3)} nats.`
    ),
    spec: panels([
      ...rows.map((row, index) => [tokenPanel(row, range, letterOf(index))]),
      [lossPanel(rows, letterOf(rows.length))],
    ]),
  };
}

function tokenPanel(
  { model, tokens, importance }: Figure4Row,
  range: readonly [number, number],
  letter: string,
) {
  return heatmap({
    title: `${letter}. ${model}`,
    values: importance,
    x: { title: "token" },
    y: { title: "layer" },
    color: { title: "attention to first token", scale: "log", range },
    columnLabels: tokens.map((token, index) => `${index} ${token.trim()}`),
    rowLabels: importance.map((_, layer) => String(layer)),
    width: 980,
    height: Math.max(270, 110 + 8 * importance.length),
  });
}

function lossPanel(rows: readonly Figure4Row[], letter: string) {
  return barChart({
    title: `${letter}. loss without pruning`,
    categories: rows.map(({ model }) => model),
    x: { title: "model" },
    y: { title: "mean loss", unit: "nats per token", fromZero: true },
    series: [
      { name: "positions that survive", values: rows.map(({ keptLoss }) => keptLoss) },
      { name: "pruned positions", values: rows.map(({ prunedLoss }) => prunedLoss) },
    ],
    width: 610,
    height: 320,
  });
}
