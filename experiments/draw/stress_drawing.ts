import {
  combineVerdicts,
  describeCases,
  type Estimate,
  type JudgedCase,
  verdictOf,
} from "../../lib/core/mod.ts";
import { type Drawing, letterOf, lineChart, panels } from "../../lib/report/mod.ts";
import { type Stressed, type StressSettings, tripSteps } from "../measure/stress_measure.ts";
import { formatEstimate } from "../result/format_estimate.ts";

/** What figure `stress` shows of one model. */
export interface StressRow {
  model: string;
  /** By the factor of the outliers, ascending. */
  points: { factor: number; stressed: Stressed[] }[];
}

/** What besides the measurement the figure is drawn by. */
export interface StressDrawing extends Pick<StressSettings, "outliers" | "bits" | "largestPowers"> {
  /** TRIP's largest power in AgileQ. */
  usedPower: number;
}

/** Perplexity over that in full precision from which on it counts as lost: the claim of the tables. */
const limit = 1.1;

/** Draws figure `stress` and says what it shows. */
export function drawStress(rows: readonly StressRow[], settings: StressDrawing): Drawing {
  const { outliers, bits, usedPower } = settings;
  const cases = rows.map((row) => judge(row, usedPower));
  return {
    shows:
      `${outliers} channels behind every norm are made larger by a factor, and the weights that read ` +
      `them smaller, which changes nothing of what a model computes. Values there are then quantized to ` +
      `${bits} bits, nothing else is. Left: what that changes of what a block adds to the stream, as a ` +
      "share of its power, mean of the blocks. Right: perplexity over that in full precision. Bands are " +
      "95 % intervals over windows.",
    verdict: combineVerdicts(cases),
    agreement:
      "The paper gives channels steps of their own, powers of two times a common one, so that outlier " +
      `channels do not cost the others their digits. That K = ${usedPower} loses less than 10 % of ` +
      `perplexity at the first factor at which one step for all loses more is ${
        describeCases(cases)
      }.`,
    details: rows.map((row, index) =>
      `${row.model}: ${cases[index].verdict}; ${describe(row, settings)}`
    ),
    spec: panels(rows.map((row, line) => [
      panel(row, settings, letterOf(2 * line), {
        what: "block error",
        y: { title: "changed share of the output", scale: "log" },
        of: ({ error }) => error,
      }),
      panel(row, settings, letterOf(2 * line + 1), {
        what: "perplexity",
        y: { title: "perplexity / full precision's", scale: "log", range: [0.9, 20] },
        of: ({ ratio }) => ratio,
      }),
    ])),
  };
}

/** What TRIP loses where one step for the whole tensor first loses too much. */
function judge(row: StressRow, usedPower: number): JudgedCase {
  const broken = firstLost(row, tripSteps(0));
  if (broken === undefined) return { name: row.model, verdict: "not testable here" };
  return { name: row.model, verdict: verdictAt(row, broken, tripSteps(usedPower)) };
}

/** Whether some steps lose less than the limit at a factor, with their whole interval. */
function verdictAt(row: StressRow, factor: number, steps: string) {
  return verdictOf(ratioAt(row, factor, steps), { below: limit });
}

function ratioAt({ points }: StressRow, factor: number, steps: string): Estimate {
  const { stressed } = points.find((point) => point.factor === factor)!;
  return stressed.find((each) => each.steps === steps)!.ratio;
}

/** The first factor at which some steps lose more than the limit, with their whole interval. */
function firstLost(row: StressRow, steps: string): number | undefined {
  return row.points.map(({ factor }) => factor)
    .find((factor) => verdictAt(row, factor, steps) === "contradicted");
}

function describe(row: StressRow, { largestPowers, usedPower }: StressDrawing): string {
  const shown = (factor: number, steps: string) => formatEstimate(ratioAt(row, factor, steps), 3);
  const factors = row.points.map(({ factor }) => factor);
  const last = factors.at(-1)!;
  const channelWise = `channel-wise steps lose ${shown(last, "channel-wise")} times at ${last}`;
  const broken = firstLost(row, tripSteps(0));
  if (broken === undefined) {
    return `one step for all loses more than 10 % at no factor up to ${last}, where it is ` +
      `${shown(last, tripSteps(0))} times full precision's perplexity; ${channelWise}.`;
  }
  const enough = factors.filter((factor) => factor >= broken).map((factor) => {
    const K = largestPowers.find((K) => verdictAt(row, factor, tripSteps(K)) === "reproduced");
    return K === undefined ? `no K at ${factor}` : `K = ${K} at ${factor}`;
  });
  const lost = firstLost(row, tripSteps(usedPower));
  const used = lost === undefined
    ? `K = ${usedPower} at no factor up to ${last}`
    : `K = ${usedPower} from ${lost} on (${shown(lost, tripSteps(usedPower))} times)`;
  return `one step for all loses more than 10 % from outliers of ${broken} times on (${
    shown(broken, tripSteps(0))
  } times full precision's perplexity), ${used}; the least that loses less: ${
    enough.join(", ")
  }; ${channelWise}.`;
}

/** One measure of all steps against the factor. */
interface Panel {
  what: string;
  y: Parameters<typeof lineChart>[0]["y"];
  of: (stressed: Stressed) => Estimate;
}

function panel(
  { model, points }: StressRow,
  { largestPowers }: StressDrawing,
  letter: string,
  { what, y, of }: Panel,
) {
  const names = [tripSteps(0), ...largestPowers.map(tripSteps), "channel-wise"];
  return lineChart({
    title: `${letter}. ${model}<br>${what}`,
    x: { title: "factor of the outliers", scale: "log" },
    y,
    series: names.map((name) => ({
      name,
      x: points.map(({ factor }) => factor),
      y: points.map(({ stressed }) => of(stressed.find(({ steps }) => steps === name)!)),
      reference: name === tripSteps(0),
    })),
    legend: what === "perplexity",
    width: 400,
    height: 330,
  });
}
