import { counted, type Estimate, require } from "../../core/mod.ts";
import { type Axis, horizontalAxis, plotlyAxis } from "./axis.ts";
import { frame, type FrameOptions, plotSize } from "./frame.ts";
import type { PlotlySpec, PlotlyTrace } from "./spec.ts";
import { lookOf } from "./theme.ts";

/** The points of one colour. */
export interface PointSeries {
  name: string;
  x: readonly Estimate[];
  y: readonly Estimate[];
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
  const traces = series.map(({ name, x, y }, index): PlotlyTrace => {
    const { color, symbol } = lookOf(index);
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
      x: x.map(({ value }) => value),
      y: y.map(({ value }) => value),
      ...hasIntervals(x) && { error_x: errorBars(x, color) },
      ...hasIntervals(y) && { error_y: errorBars(y, color) },
      marker: { color, symbol, size: 10 },
      hovertemplate: `%{x:.4g}, %{y:.4g}<extra>${name}</extra>`,
    };
  });
  return frame(chart, traces, {
    beside: legend ? "legend" : undefined,
    xaxis: horizontalAxis(x, across, plotSize(chart).width),
    yaxis: plotlyAxis(y),
  });
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
