import {
  combineVerdicts,
  describeCases,
  type Estimate,
  type JudgedCase,
  verdictOf,
} from "../../lib/core/mod.ts";
import {
  type Drawing,
  letterOf,
  lineChart,
  type LineSeries,
  panels,
  type PlotlySpec,
} from "../../lib/report/mod.ts";
import {
  type MeasuredOutliers,
  type SetEffect,
  type SetState,
  type SiteOutliers,
  type TokenSet,
  tokenSets,
} from "../measure/outlier_effects.ts";
import type { OutlierSettings } from "../measure/outlier_measure.ts";
import type { OutlierState } from "../measure/outlier_state.ts";
import { formatEstimate } from "../result/format_estimate.ts";

/** What pruning does to the outliers of one model. */
export interface OutlierRow extends MeasuredOutliers {
  model: string;
}

/** What figures and tables call them. */
export const setNames: Record<TokenSet, string> = {
  pruned: "survivors",
  selected: "survivors, not pruned",
  random: "random survivors",
  withoutStart: "all but the first",
};

/** Draws what pruning does to outliers and says whether it helps quantization. */
export function drawOutliers(
  rows: readonly OutlierRow[],
  { pruning: { beta, layers }, bits, K }: OutlierSettings,
): Drawing {
  const cases = rows.flatMap(judgeOutliers);
  return {
    shows:
      `What linear maps read in ${rows[0].model}, layer by layer from the one on that prunes ${
        100 * beta
      } % of the tokens (${
        layers.join(", ")
      }): range, kurtosis, mean power of ${bits}-bit TRIP (K = ` +
      `${K}), and the error that quantization adds to the outputs of the maps, over that of the same ` +
      "tokens where nothing is pruned and the grid is that of all tokens. Of the survivors in the run " +
      "that prunes, of the same tokens in one that does not, of as many random survivors, and of all " +
      "tokens but the first, which pruning keeps.",
    verdict: combineVerdicts(cases),
    agreement:
      "The paper: pruned tokens take outliers with them, so that activations are quantized better. That " +
      "the error of the layers falls on the very tokens that survive, and falls further than where " +
      `random ones are pruned, is ${describeCases(cases)}.`,
    details: rows.flatMap((row) => [
      ...describe(row),
      `${row.model}: ${describeStart(row.sites)}`,
    ]),
    spec: panels([
      quantityRow(rows[0], 0, "range", "log", ({ range }) => range),
      quantityRow(rows[0], 1, "kurtosis", "log", ({ kurtosis }) => kurtosis),
      quantityRow(rows[0], 2, "mean alpha", "linear", ({ alpha }) => alpha),
      errorRow(rows[0], 3),
    ]),
  };
}

/** One claim per site: the error falls, and further than by chance. */
export function judgeOutliers({ model, effects }: OutlierRow): JudgedCase[] {
  return effects.filter(({ set }) => set === "pruned").map(({ site, error, errorOverRandom }) => ({
    name: `${site} of ${model}`,
    verdict: combineVerdicts([
      { verdict: verdictOf(error, { below: 1 }) },
      { verdict: verdictOf(errorOverRandom, { below: 1 }) },
    ]),
  }));
}

/** A sentence per site: each effect as the ratio to what it is with all tokens. */
function describe(row: OutlierRow): string[] {
  return judgeOutliers(row).map(({ name, verdict }, index) => {
    const own = row.effects.slice(index * tokenSets.length, (index + 1) * tokenSets.length);
    const of = (set: TokenSet) => own.find((effect) => effect.set === set)!;
    const all = (set: TokenSet, what: keyof SetEffect) =>
      formatEstimate(of(set)[what] as Estimate, 3);
    return `${name}: ${verdict}; pruning leaves ${all("pruned", "range")} of the range, ` +
      `${all("pruned", "kurtosis")} of the kurtosis and ${all("pruned", "error")} of the error ` +
      `(random pruning ${all("random", "range")}, ${all("random", "kurtosis")}, ${
        all("random", "error")
      }; the one error over the other ${
        all("pruned", "errorOverRandom")
      }), choosing the tokens alone ` +
      `${all("selected", "error")} of the error, and leaving out the first token alone ` +
      `${all("withoutStart", "range")} of the range and ${
        all("withoutStart", "error")
      } of the error.`;
  });
}

/** Where the first token does most harm to the others. */
export function describeStart(sites: readonly SiteOutliers[]): string {
  const { site, layer, all, sets: { withoutStart } } = harmedByStart(sites)[0];
  const [range, own] = [all, withoutStart].map(({ range }) => Number(range.toPrecision(3)));
  const [before, after] = [withoutStart.errorBefore, withoutStart.error].map((error) =>
    error.toPrecision(2)
  );
  return `leaving out the first token alone helps the others most at ${site} of layer ${layer}: ` +
    `a range of ${own} instead of ${range}, and an error of ${after} instead of ${before}.`;
}

/** The sites of all layers, those first where the other tokens gain most by leaving out the first one. */
export function harmedByStart(sites: readonly SiteOutliers[]): SiteOutliers[] {
  const left = ({ sets }: SiteOutliers) => errorLeft(sets.withoutStart);
  return sites.toSorted((one, other) => left(one) - left(other));
}

/** The error on the grid of a set of tokens over that of the same tokens on the grid of all. */
export function errorLeft({ error, errorBefore }: SetState): number {
  return error / errorBefore;
}

/** A panel per site of what a tensor has. */
function quantityRow(
  row: OutlierRow,
  line: number,
  title: string,
  scale: "log" | "linear",
  of: (state: OutlierState) => number,
): PlotlySpec[] {
  return siteRow(row, line, { title, scale }, (sites) => [
    { name: "all tokens", ...curve(sites, ({ all }) => of(all)), reference: true },
    ...setCurves(sites, of),
  ]);
}

/** A panel per site of what quantization does to the outputs. */
function errorRow(row: OutlierRow, line: number): PlotlySpec[] {
  return siteRow(row, line, { title: "error after / before", scale: "log" }, (sites) => [
    { name: "no change", ...curve(sites, () => 1), reference: true },
    ...setCurves(sites, errorLeft),
  ]);
}

/** A curve per set of tokens, over the layers in which it is not simply all tokens. */
function setCurves(sites: SiteOutliers[], of: (state: SetState) => number): LineSeries[] {
  return tokenSets.map((set) => ({
    name: setNames[set],
    ...curve(
      sites.filter(({ behindPruning }) => behindPruning || set === "withoutStart"),
      ({ sets }) => of(sets[set]),
    ),
  }));
}

function siteRow(
  { sites, effects }: OutlierRow,
  line: number,
  y: { title: string; scale: "log" | "linear" },
  series: (own: SiteOutliers[]) => LineSeries[],
): PlotlySpec[] {
  const names = [...new Set(effects.map(({ site }) => site))];
  return names.map((name, index) =>
    lineChart({
      title: `${letterOf(line * names.length + index)}. ${name}`,
      x: { title: "layer" },
      y,
      series: series(sites.filter(({ site }) => site === name)),
      legend: index === names.length - 1,
      width: 290,
      height: 280,
    })
  );
}

function curve(sites: SiteOutliers[], of: (site: SiteOutliers) => number) {
  return {
    x: sites.map(({ layer }) => layer),
    y: sites.map((site) => ({ value: of(site) })),
  };
}
