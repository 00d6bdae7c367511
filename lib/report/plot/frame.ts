import type { PlotlyLayout, PlotlySpec, PlotlyTrace } from "./spec.ts";

/** What every builder takes besides its data. */
export interface FrameOptions {
  /** Stands above the plot. */
  title?: string;
  /** Of the whole figure, CSS pixels; 720 by 420 unless given. */
  width?: number;
  height?: number;
  /** Room for long labels on the left and below, and for what stands on the right; CSS pixels. */
  left?: number;
  bottom?: number;
  right?: number;
}

/** Room around the plot for titles and tick labels. */
const margins = { left: 72, top: 48, bottom: 60 };

/** Room on its right. */
const rightMargins = { "none": 20, "legend": 170, "color bar": 92 };

interface FrameLayout {
  /** What needs room on the right unless the caller made it. */
  beside?: "legend" | "color bar";
  [attribute: string]: unknown;
}

/** The figure of one pair of axes. */
export function frame(
  options: FrameOptions,
  data: PlotlyTrace[],
  { beside, ...layout }: FrameLayout,
): PlotlySpec {
  const { title, width = 720, height = 420 } = options;
  const { left: l = margins.left, bottom: b = margins.bottom } = options;
  const { right: r = rightMargins[beside ?? "none"] } = options;
  const framed: PlotlyLayout = {
    width,
    height,
    margin: { l, r, t: margins.top, b },
    showlegend: beside === "legend",
    ...layout,
  };
  if (title !== undefined) framed.title = { text: title };
  return { data, layout: framed };
}
