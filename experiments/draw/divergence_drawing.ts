import { counted, type Estimate, quotient, verdictOf } from "../../lib/core/mod.ts";
import { type Drawing, letterOf, panels, scatterChart } from "../../lib/report/mod.ts";
import { formatEstimate } from "../result/format_estimate.ts";

/** One method on one model, against full precision. */
export interface DivergenceRow {
  model: string;
  /** As tables print it; with a star where tokens are pruned. */
  method: string;
  /** Mean KL divergence on the scored positions, nats per token. */
  divergence: number;
  /** Perplexity over that of full precision. */
  relative: Estimate;
}

/** Draws KL divergence against perplexity and says where the two part. */
export function drawDivergence(rows: readonly DivergenceRow[]): Drawing {
  const models = [...new Set(rows.map(({ model }) => model))];
  const methods = [...new Set(rows.map(({ method }) => method))];
  return {
    shows:
      "Perplexity over that of full precision against the mean KL divergence of the next-token " +
      "distribution from it, both on the tokens that survive where some are pruned, which a star " +
      "marks. Bars are 95 % intervals over windows, paired.",
    agreement:
      "Perplexity can fall though a model drifts from what it was, its divergence cannot. " +
      `${describeGains(rows)} ` +
      describeOrder(models.map((model) => rows.filter((row) => row.model === model))),
    details: models.map((model) => describe(model, rows)),
    spec: panels([models.map((model, index) => {
      const own = rows.filter((row) => row.model === model);
      const last = index === models.length - 1;
      return scatterChart({
        title: `${letterOf(index)}. ${model}`,
        x: { title: "KL divergence", unit: "nats per token", scale: "log" },
        y: { title: "perplexity / full precision's", scale: scaleOf(own) },
        series: methods.map((name) => {
          const points = own.filter(({ method }) => method === name);
          const x = points.map(({ divergence }) => ({ value: divergence }));
          return { name, x, y: points.map(({ relative }) => relative) };
        }),
        legend: last,
        width: 330,
        height: Math.max(360, 80 + 19 * methods.length), // as high as the legend
      });
    })]),
  };
}

/** Logarithmic where a linear axis would draw all but the worst methods as one. */
function scaleOf(rows: readonly DivergenceRow[]): "log" | "linear" {
  const ratios = rows.map(({ relative: { value } }) => value).filter(Number.isFinite);
  return Math.max(...ratios) > 4 * Math.min(...ratios) ? "log" : "linear";
}

/** Whose perplexity is lower than in full precision, whatever its divergence. */
function describeGains(rows: readonly DivergenceRow[]): string {
  const better = rows.filter(({ relative }) => verdictOf(relative, { below: 1 }) === "reproduced");
  const names = better.map(({ model, method }) => `${method} of ${model}`);
  return `With the whole interval it is below that of full precision for ${
    names.join(", ") || "no method here"
  }.`;
}

/**
 * How often perplexity and divergence disagree on which of two methods is closer, of the pairs that
 * perplexity tells apart.
 */
function describeOrder(groups: DivergenceRow[][]): string {
  const pairs = groups.flatMap((group) =>
    group.flatMap((one, index) => group.slice(index + 1).map((other) => [one, other]))
  ).filter(([one, other]) =>
    verdictOf(quotient(one.relative, other.relative), { below: 1 }) !== "undecided"
  );
  const parted = pairs.filter(([one, other]) =>
    (one.relative.value - other.relative.value) * (one.divergence - other.divergence) < 0
  );
  if (pairs.length === 0) {
    return "No two methods on one model have perplexities with intervals apart.";
  }
  const count = counted(pairs.length, "pair");
  return `Of ${count} of methods on one model whose perplexities have intervals apart ` +
    `they order ${parted.length} differently.`;
}

function describe(model: string, rows: readonly DivergenceRow[]): string {
  return `${model}: ` + rows.filter((row) => row.model === model)
    .map(({ method, divergence, relative }) =>
      `${method} ${formatEstimate(relative, 3)} at ${divergence.toFixed(4)} nats`
    ).join(", ") +
    ".";
}
