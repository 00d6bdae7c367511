import { fontSizes, widest } from "./room.ts";
import type { PlotlyLayout, PlotlySpec, PlotlyTrace } from "./spec.ts";

/** What every builder takes besides its data. */
export interface FrameOptions {
  /** Stands above the plot. */
  title?: string;
  /**
   * Of the whole figure where labels are short and nothing stands beside the plot, CSS pixels; 720 by
   * 420 unless given. What longer labels, a legend or a colour bar need is added.
   */
  width?: number;
  height?: number;
}

/** Room around the plot for titles and tick labels, CSS pixels. */
const margins = { left: 72, right: 20, top: 48, bottom: 60 };

/** A legend's room besides its texts: distance from the plot, line and marker. */
const legendKey = 64;

/** Distance from the plot, bar, tick labels and title. */
const colorBarRoom = 100;

interface FrameLayout {
  /** What needs room on the right. */
  beside?: "legend" | "color bar";
  /** Room on the left and below where labels need more than usual. */
  left?: number;
  bottom?: number;
  [attribute: string]: unknown;
}

/** The figure of one pair of axes. */
export function frame(
  { title, width = 720, height = 420 }: FrameOptions,
  data: PlotlyTrace[],
  { beside, left: l = margins.left, bottom: b = margins.bottom, ...layout }: FrameLayout,
): PlotlySpec {
  const r = beside === "legend"
    ? legendRoom(data)
    : beside === "color bar"
    ? colorBarRoom
    : margins.right;
  const framed: PlotlyLayout = {
    width: width + l - margins.left + r - margins.right,
    height: height + b - margins.bottom,
    margin: { l, r, t: margins.top, b },
    showlegend: beside === "legend",
    ...layout,
  };
  if (title !== undefined) framed.title = { text: title };
  return { data, layout: framed };
}

function legendRoom(data: PlotlyTrace[]): number {
  const names = data.filter(({ showlegend }) => showlegend !== false).map(({ name }) => `${name}`);
  return Math.ceil(legendKey + widest(names, fontSizes.legend));
}

/** How large the plot itself is, CSS pixels: the same whatever stands around it. */
export function plotSize({ width = 720, height = 420 }: FrameOptions) {
  return {
    width: width - margins.left - margins.right,
    height: height - margins.top - margins.bottom,
  };
}

/** Room for one line of tick labels that the usual margins have, CSS pixels. */
const usual = { left: 30, bottom: 16 };

/** The margin for tick labels that are so wide at the left, or so high below. */
export function marginFor(side: "left" | "bottom", needed: number): number {
  return Math.ceil(margins[side] + Math.max(0, needed - usual[side]));
}
