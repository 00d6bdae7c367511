import type { Estimate } from "../../core/mod.ts";
import { counted, require } from "../../core/mod.ts";
import { type Axis, horizontalAxis, verticalAxis } from "./axis.ts";
import { frame, type FrameOptions, plotSize } from "./frame.ts";
import type { PlotlySpec, PlotlyTrace } from "./spec.ts";
import { lookOf, neutral } from "./theme.ts";

/** One curve. */
export interface LineSeries {
  name: string;
  x: readonly number[];
  /** As many as `x`; estimates with an interval get a band around the curve. */
  y: readonly Estimate[];
  /** What the others are compared with is drawn in grey. */
  reference?: boolean;
  /**
   * `markers` unless given. `lines` leaves the points unmarked; `steps` takes each y half way to the
   * x on either side.
   */
  style?: "markers" | "lines" | "steps";
}

/** Curves over a common pair of axes. */
export interface LineChart extends FrameOptions {
  x: Axis;
  y: Axis;
  /** Coloured in their order. */
  series: readonly LineSeries[];
  /** Whether there is a legend; true unless given. */
  legend?: boolean;
}

/**
 * Curves with their interval bands. Series differ in colour, dash and symbol, so that they can be told
 * apart in grey print.
 *
 * @throws {InputError} If a series has not one y for every x.
 */
export function lineChart(chart: LineChart): PlotlySpec {
  const { x, y, series, legend = true } = chart;
  const colored = series.filter(({ reference }) => !reference);
  const traces = series.flatMap((each) => {
    const look = each.reference
      ? { color: neutral, dash: "dash", symbol: "circle-open" }
      : lookOf(colored.indexOf(each));
    return [...band(each, look.color), curve(each, look, y, markerSize(chart))];
  });
  return frame(chart, traces, {
    beside: legend ? "legend" : undefined,
    xaxis: horizontalAxis(x, series.flatMap(({ x }) => x), plotSize(chart).width),
    yaxis: verticalAxis(y, series.flatMap(({ y }) => y.flatMap(ends)), plotSize(chart).height),
  });
}

/** Markers that leave the curve between them visible, CSS pixels. */
function markerSize(chart: LineChart): number {
  const most = Math.max(...chart.series.map(({ x }) => x.length));
  return Math.max(4, Math.min(8, Math.floor(plotSize(chart).width / most)));
}

function ends({ value, low = value, high = value }: Estimate): number[] {
  return [low, value, high].filter(Number.isFinite);
}

function curve(
  { name, x, y, style = "markers" }: LineSeries,
  { color, dash, symbol }: { color: string; dash: string; symbol: string },
  { unit }: Axis,
  size: number,
): PlotlyTrace {
  require(
    x.length === y.length,
    `draw ${name}`,
    `it must have ${counted(x.length, "value")}`,
    y.length,
  );
  const intervals = y.map(({ low, high }) =>
    low === undefined || high === undefined
      ? ""
      : ` [${low.toPrecision(4)}, ${high.toPrecision(4)}]`
  );
  return {
    type: "scatter",
    mode: style === "markers" ? "lines+markers" : "lines",
    name,
    legendgroup: name,
    x,
    y: y.map(({ value }) => value),
    line: { color, dash, width: 2, ...style === "steps" && { shape: "hvh" } },
    ...style === "markers" && { marker: { color, symbol, size } },
    customdata: intervals,
    hovertemplate: `%{x}: %{y:.4g}${unit ? ` ${unit}` : ""}%{customdata}<extra>${name}</extra>`,
  };
}

/** The interval around a curve where it has one, drawn as one closed outline. */
function band({ name, x, y }: LineSeries, color: string): PlotlyTrace[] {
  const known = y.flatMap(({ low, high }, index) =>
    low === undefined || high === undefined ? [] : [{ x: x[index], low, high }]
  );
  if (known.length < 2) return [];
  const back = known.toReversed();
  return [{
    type: "scatter",
    mode: "lines",
    name: `${name}, 95 % interval`,
    legendgroup: name,
    showlegend: false,
    hoverinfo: "skip",
    x: [...known, ...back].map((point) => point.x),
    y: [...known.map(({ high }) => high), ...back.map(({ low }) => low)],
    fill: "toself",
    fillcolor: `${color}33`,
    line: { width: 0, color },
  }];
}
