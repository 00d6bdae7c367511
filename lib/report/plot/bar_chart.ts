import { type Estimate, require } from "../../core/mod.ts";
import { type Axis, plotlyAxis } from "./axis.ts";
import { frame, type FrameOptions } from "./frame.ts";
import type { PlotlySpec, PlotlyTrace } from "./spec.ts";
import { lookOf, neutral } from "./theme.ts";

/** The bars of one colour. */
export interface BarSeries {
  name: string;
  /** One per category; null leaves a gap. Estimates with an interval get error bars. */
  values: readonly (Estimate | null)[];
  /** Printed above the bars, or in them where they are stacked or have error bars. */
  labels?: readonly string[];
  /** What the others are compared with is drawn in grey. */
  reference?: boolean;
}

/** Bars over categories. */
export interface BarChart extends FrameOptions {
  categories: readonly string[];
  /** The axis of the categories, below, and that of the values. */
  x: Axis;
  y: Axis;
  series: readonly BarSeries[];
  /** Bars of a category stand beside each other unless they are stacked. */
  stacked?: boolean;
  /** Whether there is a legend; by default where there is more than one series. */
  legend?: boolean;
}

/**
 * Grouped or stacked bars. Series differ in colour and hatching.
 *
 * @throws {InputError} If a series has not one value and label per category.
 */
export function barChart(chart: BarChart): PlotlySpec {
  const { categories, x, y, series, stacked = false, legend = series.length > 1 } = chart;
  const colored = series.filter(({ reference }) => !reference);
  const traces = series.map((each) => {
    const look = each.reference ? { color: neutral, pattern: "" } : lookOf(colored.indexOf(each));
    return barTrace(each, categories, look, y, stacked);
  });
  return frame(chart, traces, {
    beside: legend ? "legend" : undefined,
    barmode: stacked ? "stack" : "group",
    xaxis: { ...plotlyAxis(x), type: "category", showgrid: false },
    yaxis: plotlyAxis(y),
  });
}

function barTrace(
  { name, values, labels }: BarSeries,
  categories: readonly string[],
  { color, pattern }: { color: string; pattern: string },
  { unit }: Axis,
  stacked: boolean,
): PlotlyTrace {
  const rule = `it must have ${categories.length} values and as many labels`;
  const counts = [values.length, (labels ?? values).length];
  require(counts.every((count) => count === categories.length), `draw ${name}`, rule, counts);
  const reach = (end: "low" | "high") =>
    values.map((each) => Math.abs((each?.[end] ?? each?.value ?? 0) - (each?.value ?? 0)));
  const uncertain = values.some((each) => each?.low !== undefined);
  return {
    type: "bar",
    name,
    x: categories,
    y: values.map((each) => each?.value ?? null),
    marker: {
      color,
      line: { color, width: 1 },
      ...pattern &&
        {
          pattern: {
            shape: pattern,
            fillmode: "overlay",
            fgcolor: "#FFFFFF",
            size: 7,
            solidity: 0.25,
          },
        },
    },
    ...labels && {
      text: labels,
      ...stacked || uncertain
        ? { textposition: "inside", insidetextanchor: uncertain ? "start" : "middle" }
        : { textposition: "outside" },
      textfont: { size: 11 },
      cliponaxis: false,
      constraintext: "none",
    },
    ...uncertain && {
      error_y: {
        type: "data",
        array: reach("high"),
        arrayminus: reach("low"),
        color: neutral,
        thickness: 1.5,
      },
    },
    hovertemplate: `%{x}: %{y:.4g}${unit ? ` ${unit}` : ""}<extra>${name}</extra>`,
  };
}
