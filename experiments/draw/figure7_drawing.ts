import {
  combineVerdicts,
  counted,
  describeCases,
  quotient,
  type Verdict,
  verdictOf,
} from "../../lib/core/mod.ts";
import {
  barChart,
  type Drawing,
  letterOf,
  lineChart,
  panels,
  type PlotlySpec,
} from "../../lib/report/mod.ts";
import { comparisons, type SparsityPoint } from "../measure/sparsity_points.ts";
import { formatEstimate } from "../result/format_estimate.ts";
import { pruningVerdict } from "../result/pruning_verdict.ts";
import { panelTitle } from "./panel_title.ts";

/** What figure 7 shows of one model. */
export interface Figure7Row {
  model: string;
  /** Every plan, on the validation text. */
  validation: SparsityPoint[];
  /** The best of them, on the test text. */
  test: SparsityPoint;
  /** The same with random tokens: the control. */
  random: SparsityPoint;
}

/** Draws figure 7 and says what it shows. */
export function drawFigure7(rows: readonly Figure7Row[]): Drawing {
  const cases = rows.map(({ model, test: { relative } }) => ({
    name: model,
    verdict: pruningVerdict(relative.survivors, relative.pruningAlone, relative.denseOnSurvivors),
  }));
  return {
    shows:
      "Perplexity of AgileQ-8 with pruning over that without, on the first windows of the validation " +
      "text, for growing shares of pruned tokens in the last, the last two, the upper half, or all " +
      "layers. survivors is the released protocol, denseOnSurvivors the same model without pruning on the " +
      "same positions, allPositions scores pruned positions by their early exit. Bands are 95 % intervals " +
      "over windows, paired. In the last layer pruning alone does nothing: no token reads another after it. " +
      "The best plan by survivors was then measured once on the first windows of the test text, and beside " +
      "it the same with random tokens (last row); the plan of the tables is not it: that one was chosen " +
      "with the test windows in view.",
    verdict: combineVerdicts(cases),
    agreement:
      "The paper: pruning lowers perplexity. On the test text, under the plan that is best for the " +
      `survivors, that is ${
        describeCases(cases)
      }. That all positions lose less than where random ` +
      `tokens are pruned, with intervals apart, is ${describeCases(rows.map(againstRandom))}.`,
    details: rows.map((row, index) => describe(row, cases[index].verdict)),
    spec: panels([
      ...rows.map((_, at) => modelRow(rows, at)),
      allPositionsRow(rows, panelsAbove(rows)),
      testRow(rows, panelsAbove(rows) + rows.length),
    ]),
  };
}

/** How many panels the plans of some models have. */
function panelsAbove(rows: readonly Figure7Row[]): number {
  return rows.flatMap(({ validation }) => byLayers(validation)).length;
}

/** Whether the tokens that are pruned are better chosen than at random. */
function againstRandom({ model, test, random }: Figure7Row) {
  const over = quotient(test.relative.allPositions, random.relative.allPositions);
  return { name: model, verdict: verdictOf(over, { below: 1 }) };
}

function describe(
  { model, validation, test: { beta, layers, sparsity, relative, window, windows }, random }:
    Figure7Row,
  verdict: Verdict,
): string {
  const compared = `compared on ${counted(validation[0].windows, "window")}`;
  return `${model}: ${verdict} (${100 * beta} % pruned over the ${
    lastLayers(layers.length)
  }, sparsity ` +
    `${sparsity.toFixed(3)}): survivors ${
      formatEstimate(relative.survivors, 3)
    }, the same tokens ` +
    `without pruning ${formatEstimate(relative.denseOnSurvivors, 3)}, pruning alone ` +
    `${formatEstimate(relative.pruningAlone, 3)}, all positions ` +
    `${formatEstimate(relative.allPositions, 3)}; with random tokens survivors ` +
    `${formatEstimate(random.relative.survivors, 3)}, the same tokens without pruning ` +
    `${formatEstimate(random.relative.denseOnSurvivors, 3)}, pruning alone ` +
    `${formatEstimate(random.relative.pruningAlone, 3)}, all positions ` +
    `${
      formatEstimate(random.relative.allPositions, 3)
    }; ${compared} of ${window} tokens, tested on ` +
    `${windows}.`;
}

/** A panel per choice of layers, on one scale. */
function modelRow(rows: readonly Figure7Row[], at: number): PlotlySpec[] {
  const { model, validation } = rows[at];
  const first = panelsAbove(rows.slice(0, at));
  const choices = byLayers(validation);
  const y = { title: "perplexity / unpruned", range: reachOf(validation) };
  return choices.map(([count, points], index) =>
    lineChart({
      title: panelTitle(letterOf(first + index), lastLayers(count), { model, among: rows }),
      x: saved,
      y,
      series: [
        { name: "survivors", ...curve(points, "survivors") },
        { name: "denseOnSurvivors", ...curve(points, "denseOnSurvivors"), reference: true },
      ],
      ...sizeOf(index === choices.length - 1),
    })
  );
}

/** A panel per model of all positions, which lose far more. */
function allPositionsRow(rows: readonly Figure7Row[], first: number): PlotlySpec[] {
  return rows.map(({ model, validation }, index) =>
    lineChart({
      title: panelTitle(letterOf(first + index), "allPositions", { model, among: rows }),
      x: saved,
      y: { title: "perplexity / unpruned", scale: "log" },
      series: byLayers(validation).map(([count, points]) => (
        { name: lastLayers(count), ...curve(points, "allPositions") }
      )),
      ...sizeOf(index === rows.length - 1),
    })
  );
}

/** A panel per model of its best plan on the test text, beside the same with random tokens. */
function testRow(rows: readonly Figure7Row[], first: number): PlotlySpec[] {
  return rows.map(({ model, test, random }, index) =>
    barChart({
      title: panelTitle(letterOf(first + index), "best plan, test text", { model, among: rows }),
      categories: comparisons,
      x: { title: "reading" },
      y: { title: "perplexity / unpruned", fromZero: true },
      series: [["by the first token", test] as const, ["random tokens", random] as const].map(
        ([name, { relative }]) => ({ name, values: comparisons.map((each) => relative[each]) }),
      ),
      ...sizeOf(index === rows.length - 1),
    })
  );
}

const saved = { title: "share of computations saved", fromZero: true };

function byLayers(points: readonly SparsityPoint[]): [count: number, points: SparsityPoint[]][] {
  return [...Map.groupBy(points, ({ layers }) => layers.length)];
}

function lastLayers(count: number): string {
  return count === 1 ? "last layer" : `last ${count} layers`;
}

/** A curve that begins at 1, where nothing is pruned. */
function curve(
  points: SparsityPoint[],
  name: "survivors" | "denseOnSurvivors" | "allPositions",
) {
  return {
    x: [0, ...points.map(({ sparsity }) => sparsity)],
    y: [{ value: 1, low: 1, high: 1 }, ...points.map(({ relative }) => relative[name])],
  };
}

/** What survivors and their control reach, finite intervals included, with some room around. */
function reachOf(points: readonly SparsityPoint[]): [from: number, to: number] {
  const ends = points.flatMap(({ relative: { survivors, denseOnSurvivors } }) =>
    [survivors, denseOnSurvivors].flatMap(({ value, low = value, high = value }) => [low, high])
  ).filter(Number.isFinite);
  const [from, to] = [Math.min(1, ...ends), Math.max(1, ...ends)];
  const room = 0.05 * (to - from) || 0.05;
  return [from - room, to + room];
}

/** The last panel of a row has the legend. */
function sizeOf(last: boolean) {
  return { height: 300, legend: last, width: 300 };
}
