import { type Figure, lineChart, panels } from "../lib/report/mod.ts";
import { formatEstimate } from "./format_estimate.ts";
import type { SparsityPoint } from "./sparsity_points.ts";

/** What figure 8 shows of one model. */
export interface Figure8Row {
  model: string;
  /** Every share at every length of window. */
  points: SparsityPoint[];
}

/** Draws figure 8 and says what it shows. */
export function drawFigure8(
  rows: readonly Figure8Row[],
): Pick<Figure, "shows" | "verdict" | "agreement" | "spec"> {
  const longer = rows.filter((row) => {
    const alone = curve(row, largestBeta(row)).map(({ relative }) => relative.pruningAlone.value);
    return alone.at(-1)! < alone[0];
  });
  return {
    shows: "Perplexity of AgileQ-8 with pruning in the last two layers over that without, by the " +
      "length of the window, on the same validation text. survivors is the released protocol, " +
      "denseOnSurvivors the same model without pruning on the same positions. Bands are 95 % " +
      "intervals over windows, paired. Activations are calibrated on the longest windows throughout.",
    verdict: longer.length === rows.length
      ? "agrees"
      : longer.length > 0
      ? "agrees in part"
      : "disagrees",
    agreement: "The paper: longer texts can spare more tokens. What pruning alone does to the " +
      "survivors, at the shortest and at the longest window: " +
      rows.map((row) => {
        const beta = largestBeta(row);
        const points = curve(row, beta);
        const at = ({ window, relative }: SparsityPoint) =>
          `${formatEstimate(relative.pruningAlone, 3)} at ${window}`;
        return `${row.model}, ${100 * beta} % pruned: ${at(points[0])}, ${at(points.at(-1)!)}`;
      }).join("; ") + ".",
    spec: panels([rows.map((row, index) => modelPanel(row, index === rows.length - 1))]),
  };
}

function largestBeta({ points }: Figure8Row): number {
  return Math.max(...points.map(({ beta }) => beta));
}

/** The points of one share, by the length of the window. */
function curve({ points }: Figure8Row, beta: number): SparsityPoint[] {
  return points.filter((point) => point.beta === beta)
    .toSorted((one, other) => one.window - other.window);
}

function modelPanel(row: Figure8Row, last: boolean) {
  const betas = [...new Set(row.points.map(({ beta }) => beta))];
  return lineChart({
    title: row.model,
    x: { title: "window", unit: "tokens" },
    y: { title: "perplexity / AgileQ-8's" },
    series: betas.flatMap((beta) => {
      const points = curve(row, beta);
      const x = points.map(({ window }) => window);
      return (["survivors", "denseOnSurvivors"] as const).map((name) => ({
        name: `${name}, ${100 * beta} % pruned`,
        x,
        y: points.map(({ relative }) => relative[name]),
      }));
    }),
    legend: last,
    width: last ? 590 : 370,
    ...last && { right: 240 },
    height: 340,
  });
}
