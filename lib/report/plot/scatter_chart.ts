import { counted, type Estimate, require } from "../../core/mod.ts";
import { type Axis, horizontalAxis, verticalAxis } from "./axis.ts";
import { frame, type FrameOptions, plotSize } from "./frame.ts";
import type { PlotlySpec, PlotlyTrace } from "./spec.ts";
import { lookOf, neutral } from "./theme.ts";

/** The points of one colour. */
export interface PointSeries {
  name: string;
  /** Of none where the series stands in the legend alone, because another panel has points of it. */
  x: readonly Estimate[];
  y: readonly Estimate[];
  /** What points are called where the mouse is over them; the series' name unless given. */
  labels?: readonly string[];
  /** What the others are compared with is drawn in grey, and smaller. */
  reference?: boolean;
}

/** Points over a pair of axes. */
export interface ScatterChart extends FrameOptions {
  x: Axis;
  y: Axis;
  series: readonly PointSeries[];
  /** Whether there is a legend; true unless given. */
  legend?: boolean;
}

/**
 * A scatter plot with 95 % intervals as error bars.
 *
 * @throws {InputError} If a series has not one y for every x.
 */
export function scatterChart(chart: ScatterChart): PlotlySpec {
  const { x, y, series, legend = true } = chart;
  const across = series.flatMap(({ x }) =>
    x.flatMap(({ value, low, high }) => [low ?? value, high ?? value])
  );
  const down = series.flatMap(({ y }) =>
    y.flatMap(({ value, low, high }) => [low ?? value, high ?? value])
  );
  const coloured = series.filter(({ reference }) => !reference);
  const traces = series.map((own): PlotlyTrace => {
    const { name, x, y, labels, reference = false } = own;
    const { color, symbol } = reference
      ? { color: neutral, symbol: "circle" }
      : lookOf(coloured.indexOf(own));
    require(
      x.length === y.length,
      `draw ${name}`,
      `it must have ${counted(x.length, "value")}`,
      y.length,
    );
    return {
      type: "scatter",
      mode: "markers",
      name,
      x: valuesOf(x),
      y: valuesOf(y),
      ...hasIntervals(x) && { error_x: errorBars(x, color) },
      ...hasIntervals(y) && { error_y: errorBars(y, color) },
      ...labels && { text: labels },
      marker: { color, symbol, size: reference ? 6 : 10 },
      hovertemplate: `%{x:.4g}, %{y:.4g}<extra>${labels ? "%{text}" : name}</extra>`,
    };
  });
  return frame(chart, traces, {
    beside: legend ? "legend" : undefined,
    xaxis: horizontalAxis(x, across, plotSize(chart).width),
    yaxis: verticalAxis(y, down, plotSize(chart).height),
  });
}

/** Plotly leaves a trace without any value out of the legend. */
function valuesOf(estimates: readonly Estimate[]): (number | null)[] {
  return estimates.length > 0 ? estimates.map(({ value }) => value) : [null];
}

function hasIntervals(values: readonly Estimate[]): boolean {
  return values.some(({ low }) => low !== undefined);
}

function errorBars(values: readonly Estimate[], color: string) {
  return {
    type: "data",
    array: values.map(({ value, high = value }) => high - value),
    arrayminus: values.map(({ value, low = value }) => value - low),
    color,
    thickness: 1.2,
    width: 3,
  };
}
