import { verdictOf } from "../../lib/core/mod.ts";
import { type Drawing, heatmap, letterOf, panels } from "../../lib/report/mod.ts";
import type { MeasuredSensitivity, Sensitivity } from "../measure/sensitivity_measure.ts";
import { formatEstimate, formatShare } from "../result/format_estimate.ts";

/** The sensitivity of one model. */
export interface SensitivityRow extends MeasuredSensitivity {
  model: string;
}

/** Draws the sensitivity of every part and says which parts matter. */
export function drawSensitivity(rows: readonly SensitivityRow[]): Drawing {
  const all = rows.flatMap(({ parts }) => parts.map(({ divergence }) => divergence))
    .filter((divergence) => divergence > 0 && Number.isFinite(divergence));
  const [low, high] = [Math.min(...all), Math.max(...all)];
  const range = low < high ? [low, high] as const : undefined;
  return {
    shows:
      "Mean KL divergence from full precision when AgileQ-8 quantizes one site, or the weights " +
      "of one group of linear maps, of one layer alone; all else stays in full precision.",
    agreement: "The paper does not say where the error comes from. " + costliest(rows),
    details: rows.map(describe),
    spec: panels([
      rows.map((row, index) => modelPanel(row, range, letterOf(index), index === rows.length - 1)),
    ]),
  };
}

/** The part that costs most on each model; none where that is undecided. */
function costliest(rows: readonly SensitivityRow[]): string {
  const leaders = rows.map(({ model, parts, lead }) => ({
    model,
    name: verdictOf(lead, { above: 1 }) === "reproduced" ? ranked(parts)[0][0] : "no part",
  }));
  const groups = [...Map.groupBy(leaders, ({ name }) => name)].map(([name, group]) =>
    `${name} on ${group.map(({ model }) => model).join(", ")}`
  );
  return `With the whole interval of its lead, ${groups.join(", and ")} costs most.`;
}

function describe({ model, parts, lead, together }: SensitivityRow): string {
  const sum = parts.reduce((total, { divergence }) => total + divergence, 0);
  const top = ranked(parts).slice(0, 2).map(([what, part]) =>
    `${what} ${formatShare(part / sum, 0)}`
  );
  return `${model}: of the ${sum.toFixed(4)} nats that the parts cost one by one, ` +
    `${top.join(" and ")}, a lead of ${formatEstimate(lead, 2)} times; all together cost ${
      together.toFixed(4)
    }.`;
}

/** The parts with their sums over the layers, the largest first. */
function ranked(parts: Sensitivity[]): [what: string, divergence: number][] {
  const sums = new Map<string, number>();
  for (const { what, divergence } of parts) sums.set(what, (sums.get(what) ?? 0) + divergence);
  return [...sums].toSorted(([, one], [, other]) => other - one);
}

function modelPanel(
  { model, parts }: SensitivityRow,
  range: readonly [number, number] | undefined,
  letter: string,
  last: boolean,
) {
  const names = [...new Set(parts.map(({ what }) => what))];
  const layers = [...new Set(parts.map(({ layer }) => layer))];
  const values = names.map((name) =>
    layers.map((at) =>
      parts.find(({ what, layer }) => what === name && layer === at)?.divergence ?? null
    )
  );
  return heatmap({
    title: `${letter}. ${model}`,
    values,
    x: { title: "layer" },
    y: { title: "quantized alone" },
    color: { title: "KL divergence", unit: "nats per token", scale: "log", range },
    columnLabels: layers.map(String),
    rowLabels: names,
    cellTexts: values.map((row) => row.map((value) => value?.toExponential(0) ?? "")),
    colorBar: last,
    width: Math.max(229, 92 + 12 * layers.length),
    height: 420,
  });
}
