/** One trace of a Plotly figure, by the attribute names of Plotly's reference. */
export interface PlotlyTrace {
  type: "scatter" | "bar" | "heatmap";
  [attribute: string]: unknown;
}

/** A Plotly layout; sizes are CSS pixels. */
export interface PlotlyLayout {
  width: number;
  height: number;
  [attribute: string]: unknown;
}

/** What `Plotly.newPlot(element, data, layout)` takes: plain data, fit for JSON. */
export interface PlotlySpec {
  data: PlotlyTrace[];
  layout: PlotlyLayout;
}
