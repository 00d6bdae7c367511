import type { PlotlyLayout, PlotlySpec, PlotlyTrace } from "./spec.ts";

/** What every builder takes besides its data. */
export interface FrameOptions {
  /** Stands above the plot. */
  title?: string;
  /** Of the whole figure, CSS pixels; 720 by 420 unless given. */
  width?: number;
  height?: number;
}

/** Room around the plot for titles and tick labels, and on its right for a legend or colour bar. */
export const margins = { left: 72, right: 20, legend: 170, colorBar: 92, top: 48, bottom: 60 };

interface FrameLayout {
  /** Whether there is a legend, for which room is made. */
  legend?: boolean;
  /** The margin on the right, CSS pixels; by default what the legend needs. */
  right?: number;
  [attribute: string]: unknown;
}

/** The figure of one pair of axes. */
export function frame(
  { title, width = 720, height = 420 }: FrameOptions,
  data: PlotlyTrace[],
  { legend = false, right, ...layout }: FrameLayout,
): PlotlySpec {
  const margin = {
    l: margins.left,
    r: right ?? (legend ? margins.legend : margins.right),
    t: margins.top,
    b: margins.bottom,
  };
  const framed: PlotlyLayout = { width, height, margin, showlegend: legend, ...layout };
  if (title !== undefined) framed.title = { text: title };
  return { data, layout: framed };
}
