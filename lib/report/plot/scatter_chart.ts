import { type Estimate, require } from "../../core/mod.ts";
import { type Axis, plotlyAxis } from "./axis.ts";
import { frame, type FrameOptions } from "./frame.ts";
import type { PlotlySpec, PlotlyTrace } from "./spec.ts";
import { lookOf } from "./theme.ts";

/** The points of one colour. */
export interface PointSeries {
  name: string;
  x: readonly Estimate[];
  y: readonly Estimate[];
  /** Printed beside the points. */
  labels?: readonly string[];
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
 * @throws {InputError} If a series has not one y and label for every x.
 */
export function scatterChart(chart: ScatterChart): PlotlySpec {
  const { x, y, series, legend = true } = chart;
  const traces = series.map((each, index): PlotlyTrace => {
    const { name, labels } = each;
    const { color, symbol } = lookOf(index);
    const counts = [each.y.length, (labels ?? each.x).length];
    const rule = `it must have ${each.x.length} values and as many labels`;
    require(counts.every((count) => count === each.x.length), `draw ${name}`, rule, counts);
    return {
      type: "scatter",
      mode: labels ? "markers+text" : "markers",
      name,
      x: each.x.map(({ value }) => value),
      y: each.y.map(({ value }) => value),
      ...hasIntervals(each.x) && { error_x: errorBars(each.x, color) },
      ...hasIntervals(each.y) && { error_y: errorBars(each.y, color) },
      marker: { color, symbol, size: 10 },
      ...labels && {
        text: labels,
        // Neighbours, which series list one after the other, keep out of each other's way.
        textposition: labels.map((_, at) => at % 2 === 0 ? "top left" : "bottom right"),
        textfont: { size: 11 },
        cliponaxis: false,
      },
      hovertemplate: `%{text} %{x:.4g}, %{y:.4g}<extra>${name}</extra>`,
    };
  });
  return frame(chart, traces, {
    beside: legend ? "legend" : undefined,
    xaxis: plotlyAxis(x),
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
