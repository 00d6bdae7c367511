import { require } from "../../core/mod.ts";
import { type Axis, axisTitle, plotlyAxis } from "./axis.ts";
import { columnLabels as below, rowLabels as beside } from "./category_axis.ts";
import { frame, type FrameOptions, plotSize } from "./frame.ts";
import { fontSizes, widest } from "./room.ts";
import type { PlotlySpec } from "./spec.ts";
import { sequentialScale } from "./theme.ts";

/** A matrix to be shown as colours. */
export interface HeatmapData extends FrameOptions {
  /** `[rows][columns]`, the first row on top; null is left blank. On a log scale, so is 0. */
  values: readonly (readonly (number | null)[])[];
  /** Along the columns and along the rows: indices from 0, or these labels. */
  x: Axis;
  y: Axis;
  columnLabels?: readonly string[];
  rowLabels?: readonly string[];
  /** What the colours mean; its range is that of the values unless given. */
  color: Axis;
  /** Printed into the cells, `[rows][columns]`, if the cells have room for all of them. */
  cellTexts?: readonly (readonly string[])[];
  /** Whether the colour bar is drawn; true unless given. */
  colorBar?: boolean;
}

/**
 * A heat map, one crisp rectangle per value.
 *
 * @throws {InputError} If the rows differ in length, or labels or texts in number from what they label.
 */
export function heatmap(matrix: HeatmapData): PlotlySpec {
  const { values, x, y, color, columnLabels, rowLabels, cellTexts, colorBar = true } = matrix;
  requireMatrix(matrix);
  const log = color.scale === "log";
  const shown = (value: number) => log ? round(Math.log10(value), 3) : value;
  const cells = values.map((row) => row.map((value) => hasColor(value, log) ? shown(value) : null));
  const unit = color.unit ? ` ${color.unit}` : "";
  const value = log ? "%{customdata:.3g}" : "%{z:.4g}";
  const size = plotSize(matrix);
  const [columns, rows] = [
    columnLabels && below(columnLabels, size.width),
    rowLabels && beside(rowLabels, size.height),
  ];
  const [low, high] = (color.range ?? rangeOf(values, log)).map(shown);
  const trace = {
    type: "heatmap" as const,
    z: cells,
    ...log && { customdata: values.map((row) => row.map(threeDigits)) },
    ...columnLabels && { x: columnLabels },
    ...rowLabels && { y: rowLabels },
    colorscale: sequentialScale,
    zmin: low,
    zmax: high,
    showscale: colorBar,
    hoverongaps: false,
    hovertemplate: `${x.title} %{x}<br>${y.title} %{y}<br>${color.title} ${value}${unit}` +
      "<extra></extra>",
    ...cellTexts && fit(cellTexts, size) &&
      { text: cellTexts, texttemplate: "%{text}", textfont: { size: fontSizes.notes } },
    ...colorBar && {
      colorbar: {
        title: { text: axisTitle(color), side: "right" },
        thickness: 14,
        outlinewidth: 0,
        ...log && powerTicks(low, high),
      },
    },
  };
  return frame(matrix, [trace], {
    beside: colorBar ? "color bar" : undefined,
    left: rows?.margin,
    bottom: columns?.margin,
    xaxis: { ...plotlyAxis(x), ...columns?.axis, ...bare },
    yaxis: { ...plotlyAxis({ ...y, reversed: true }), ...rows?.axis, ...bare },
  });
}

/** Lines that would show through blank cells. */
const bare = { showgrid: false, zeroline: false };

/** Whether every text fits into its cell. */
function fit(texts: readonly (readonly string[])[], plot: { width: number; height: number }) {
  return widest(texts.flat(), fontSizes.notes) <= plot.width / texts[0].length &&
    fontSizes.notes <= plot.height / texts.length;
}

function requireMatrix({ values, columnLabels, rowLabels, cellTexts }: HeatmapData): void {
  const action = "draw a heat map";
  const columns = values[0]?.length ?? 0;
  require(columns > 0, action, "it must have a cell");
  const even = (rows: readonly (readonly unknown[])[]) =>
    rows.length === values.length && rows.every((row) => row.length === columns);
  require(even(values), action, "its rows must be of one length");
  require(!cellTexts || even(cellTexts), action, "there must be a text per cell");
  const fitting = (labels: readonly string[] | undefined, count: number, what: string) =>
    require(!labels || labels.length === count, action, `it must have ${count} ${what}`, labels);
  fitting(columnLabels, columns, "column labels");
  fitting(rowLabels, values.length, "row labels");
}

/** Whether a value is shown: blanks are not, nor is what a model that diverged gives. */
function hasColor(value: number | null, log: boolean): value is number {
  return value !== null && Number.isFinite(value) && (!log || value > 0);
}

/** The least and greatest value that has a colour; of a single one, with something below. */
function rangeOf(values: HeatmapData["values"], log: boolean): [number, number] {
  let [low, high] = [Infinity, -Infinity];
  for (const value of values.flat()) {
    if (!hasColor(value, log)) continue;
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  if (low < high) return [low, high];
  const only = Number.isFinite(high) ? high : 1;
  return [log ? only / 10 : only - 1, only];
}

/** Whole powers of ten, at most about six, on a colour bar of exponents. */
function powerTicks(low: number, high: number) {
  const step = Math.max(1, Math.ceil((high - low) / 6));
  const first = Math.ceil(low);
  const tickvals = Array.from(
    { length: Math.max(0, Math.floor((Math.floor(high) - first) / step) + 1) },
    (_, index) => Math.floor(high) - index * step,
  ).reverse();
  return { tickvals, ticktext: tickvals.map((power) => `10<sup>${power}</sup>`) };
}

/** What is shown of a value, which keeps large maps small. */
function threeDigits(value: number | null): number | null {
  return value === null ? null : Number(value.toPrecision(3));
}

function round(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}
