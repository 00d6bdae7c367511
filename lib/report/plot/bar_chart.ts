import { counted, type Estimate, require } from "../../core/mod.ts";
import { type Axis, plotlyAxis } from "./axis.ts";
import { columnLabels } from "./category_axis.ts";
import { frame, type FrameOptions, plotSize } from "./frame.ts";
import { fontSizes } from "./room.ts";
import type { PlotlySpec, PlotlyTrace } from "./spec.ts";
import { lookOf, neutral } from "./theme.ts";

/** The bars of one colour. */
export interface BarSeries {
  name: string;
  /** One per category; null leaves a gap. Estimates with an interval get error bars. */
  values: readonly (Estimate | null)[];
  /** Printed above the bars, where error bars would be in their way, or in them if stacked. */
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
  const columns = columnLabels(categories, plotSize(chart).width);
  const colored = series.filter(({ reference }) => !reference);
  const traces = series.map((each) => {
    const look = each.reference ? { color: neutral, pattern: "" } : lookOf(colored.indexOf(each));
    return barTrace(each, categories, look, y, stacked);
  });
  return frame(chart, traces, {
    beside: legend ? "legend" : undefined,
    barmode: stacked ? "stack" : "group",
    bottom: columns.margin,
    xaxis: { ...plotlyAxis(x), ...columns.axis, showgrid: false },
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
  const rule = `it must have ${counted(categories.length, "value")} and as many labels`;
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
      ...stacked
        ? { textposition: "inside", insidetextanchor: "middle" }
        : { textposition: "outside" },
      textfont: { size: fontSizes.notes },
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
