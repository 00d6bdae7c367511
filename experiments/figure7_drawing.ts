import { type Figure, lineChart, panels, type PlotlySpec } from "../lib/report/mod.ts";
import { formatEstimate } from "./format_estimate.ts";
import type { SparsityPoint } from "./sparsity_points.ts";

/** What figure 7 shows of one model. */
export interface Figure7Row {
  model: string;
  /** Every plan, on the validation text. */
  validation: SparsityPoint[];
  /** The best of them, on the test text. */
  test: SparsityPoint;
}

/** Draws figure 7 and says what it shows. */
export function drawFigure7(
  rows: readonly Figure7Row[],
): Pick<Figure, "shows" | "verdict" | "agreement" | "spec"> {
  const gains = rows.filter(({ test }) => below(test, "survivors"));
  const real = gains.filter(({ test }) => below(test, "pruningAlone"));
  return {
    shows: "Perplexity of AgileQ-8 with pruning over that without, on the validation text, for " +
      "growing shares of pruned tokens in the last, the last two, or all layers. survivors is the " +
      "released protocol, denseOnSurvivors the same model without pruning on the same positions, " +
      "allPositions scores pruned positions by their early exit. Bands are 95 % intervals over " +
      "windows, paired. The best plan by survivors was then measured once on the test text; the plan " +
      "of the tables is not it: that one was chosen with the test windows in view.",
    verdict: real.length === rows.length
      ? "agrees"
      : real.length > 0
      ? "agrees in part"
      : "disagrees",
    agreement:
      `The paper: pruning lowers perplexity. On the test text the best plan lowers that of ` +
      `the survivors on ${gains.length} of ${rows.length} models, and on ${real.length} of them more ` +
      "than the choice of scored tokens alone does. " + rows.map(describe).join(" "),
    spec: panels(rows.map(modelRow)),
  };
}

/** Whether the whole interval lies below 1. */
function below({ relative }: SparsityPoint, name: "survivors" | "pruningAlone"): boolean {
  return (relative[name].high ?? Infinity) < 1;
}

function describe({ model, test: { beta, layers, sparsity, relative } }: Figure7Row): string {
  return `${model} (${100 * beta} % pruned over the last ${layers.length} layers, sparsity ` +
    `${sparsity.toFixed(3)}): survivors ${
      formatEstimate(relative.survivors, 3)
    }, the same tokens ` +
    `without pruning ${formatEstimate(relative.denseOnSurvivors, 3)}, pruning alone ` +
    `${formatEstimate(relative.pruningAlone, 3)}, all positions ` +
    `${formatEstimate(relative.allPositions, 3)}.`;
}

/** A panel per choice of layers, and one of all positions, which lose far more. */
function modelRow({ model, validation }: Figure7Row): PlotlySpec[] {
  const choices = [...Map.groupBy(validation, ({ layers }) => layers.length)];
  const x = { title: "share of computations saved", fromZero: true };
  const curve = (
    points: SparsityPoint[],
    name: "survivors" | "denseOnSurvivors" | "allPositions",
  ) => ({
    x: [0, ...points.map(({ sparsity }) => sparsity)],
    y: [{ value: 1, low: 1, high: 1 }, ...points.map(({ relative }) => relative[name])],
  });
  const title = (count: number) => count === 1 ? "last layer" : `last ${count} layers`;
  const size = { height: 320, width: 320 };
  return [
    ...choices.map(([count, points], index) => {
      const last = index === choices.length - 1;
      return lineChart({
        title: `${model}: ${title(count)}`,
        x,
        y: { title: "perplexity / AgileQ-8's" },
        series: [
          { name: "survivors", ...curve(points, "survivors") },
          {
            name: "denseOnSurvivors",
            ...curve(points, "denseOnSurvivors"),
            reference: true,
          },
        ],
        legend: last,
        ...size,
        ...last && { width: 460, right: 160 },
      });
    }),
    lineChart({
      title: "allPositions",
      x,
      y: { title: "perplexity / AgileQ-8's", scale: "log" },
      series: choices.map(([count, points]) => (
        { name: title(count), ...curve(points, "allPositions") }
      )),
      ...size,
      width: 430,
      right: 130,
    }),
  ];
}
