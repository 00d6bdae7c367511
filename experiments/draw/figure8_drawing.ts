import {
  combineVerdicts,
  counted,
  describeCases,
  type JudgedCase,
  quotient,
  verdictOf,
} from "../../lib/core/mod.ts";
import {
  type Drawing,
  letterOf,
  lineChart,
  panels,
  type PlotlySpec,
} from "../../lib/report/mod.ts";
import type { SparsityPoint } from "../measure/sparsity_points.ts";
import { formatEstimate } from "../result/format_estimate.ts";
import { panelTitle } from "./panel_title.ts";

/** What figure 8 shows of one model. */
export interface Figure8Row {
  model: string;
  /** Every share at every length of window. */
  points: SparsityPoint[];
}

/** Draws figure 8 and says what it shows. */
export function drawFigure8(rows: readonly Figure8Row[]): Drawing {
  const cases = rows.map(judge);
  return {
    shows:
      "Above: perplexity of AgileQ-8 with pruning in the last two layers over that without, by the " +
      "length of the window, on the same validation text. survivors is the released protocol, " +
      "denseOnSurvivors the same model without pruning on the same positions. Below: the one over " +
      "the other, which is what pruning alone does, in bands of 95 % intervals over windows, paired; " +
      "above there are none, since they would hide each other. Activations are calibrated on windows of one " +
      "length throughout.",
    verdict: combineVerdicts(cases),
    agreement:
      "The paper: longer texts can spare more tokens. That pruning alone costs the survivors less " +
      `at the longest window than at the shortest, with intervals apart, is ${
        describeCases(cases)
      }.`,
    details: rows.map((row, index) => {
      const beta = largestBeta(row);
      const points = curve(row, beta);
      const at = ({ window, windows, relative }: SparsityPoint) =>
        `${formatEstimate(relative.pruningAlone, 3)} in ${
          counted(windows, "window")
        } of ${window} tokens`;
      return `${row.model}, ${100 * beta} % pruned: ${cases[index].verdict}; pruning alone ` +
        `${[...new Set([points[0], points.at(-1)!])].map(at).join(", ")}.`;
    }),
    spec: panels(
      [readingPanel, alonePanel].map((panel, line) =>
        rows.map((row, index) =>
          panel(row, {
            title: (what) =>
              panelTitle(letterOf(line * rows.length + index), what, { ...row, among: rows }),
            last: index === rows.length - 1,
          })
        )
      ),
    ),
  };
}

/** Whether pruning costs less in longer windows; a single length says nothing of that. */
function judge(row: Figure8Row): JudgedCase {
  const points = curve(row, largestBeta(row));
  if (points.length === 1) return { name: row.model, verdict: "not testable here" };
  const [shortest, longest] = [points[0], points.at(-1)!].map(({ relative }) =>
    relative.pruningAlone
  );
  return { name: row.model, verdict: verdictOf(quotient(longest, shortest), { below: 1 }) };
}

function largestBeta({ points }: Figure8Row): number {
  return Math.max(...points.map(({ beta }) => beta));
}

/** The points of one share, by the length of the window. */
function curve({ points }: Figure8Row, beta: number): SparsityPoint[] {
  return points.filter((point) => point.beta === beta)
    .toSorted((one, other) => one.window - other.window);
}

/** Where a panel stands. */
interface Place {
  title: (what: string) => string;
  last: boolean;
}

/** The released protocol beside its control. */
function readingPanel(row: Figure8Row, { title, last }: Place): PlotlySpec {
  return lineChart({
    title: title("survivors and their control"),
    x: { title: "window", unit: "tokens", scale: "log" },
    y: { title: "perplexity / unpruned" },
    series: betasOf(row).flatMap((beta) => {
      const points = curve(row, beta);
      const x = points.map(({ window }) => window);
      return (["survivors", "denseOnSurvivors"] as const).map((name) => ({
        name: `${name}, ${100 * beta} % pruned`,
        x,
        // The bands of both would hide each other; how the two differ is drawn below.
        y: points.map(({ relative }) => ({ value: relative[name].value })),
      }));
    }),
    ...sizeOf(last),
  });
}

/** Survivors with pruning against the same survivors without. */
function alonePanel(row: Figure8Row, { title, last }: Place): PlotlySpec {
  return lineChart({
    title: title("pruning alone"),
    x: { title: "window", unit: "tokens", scale: "log" },
    y: { title: "survivors / their control" },
    series: betasOf(row).map((beta) => {
      const points = curve(row, beta);
      return {
        name: `${100 * beta} % pruned`,
        x: points.map(({ window }) => window),
        y: points.map(({ relative }) => relative.pruningAlone),
      };
    }),
    ...sizeOf(last),
  });
}

function betasOf({ points }: Figure8Row): number[] {
  return [...new Set(points.map(({ beta }) => beta))];
}

/** The last panel of a row has the legend. */
function sizeOf(last: boolean) {
  return { height: 310, legend: last, width: 290 };
}
