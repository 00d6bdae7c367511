import { require } from "../../core/mod.ts";
import { fontSizes, labelSize, wrapLabel } from "./room.ts";
import type { PlotlyLayout, PlotlySpec, PlotlyTrace } from "./spec.ts";

/** The panels of a figure, row by row; a panel is as wide and high as its own layout says. */
export type PanelGrid = readonly (readonly PlotlySpec[])[];

/** Where a panel lies in the whole figure, CSS pixels from the upper left corner. */
interface Place {
  panel: PlotlySpec;
  /** In as many lines as it needs above the panel. */
  title?: string;
  left: number;
  top: number;
}

/** Of every legend: Plotly's template knows the first alone. */
const legendLook = {
  xanchor: "left",
  yanchor: "top",
  font: { size: fontSizes.legend },
  bgcolor: "rgba(0,0,0,0)",
};

/** Between a panel's title and the edge of the panel, CSS pixels. */
const titleGap = 8;

/** How many lines of a title the margin above a panel holds. */
const linesAbove = 2;

/** Room above the panels for the figure's title, and for the tools that Plotly shows on its right. */
const titleHeight = 34;
const toolsHeight = 24;

/**
 * Joins panels into one figure with one Plotly spec. Every panel keeps its size, margins, axes,
 * legend and colour bar.
 *
 * @param grid At least one panel, each with one pair of axes.
 * @param title Of the whole figure; the panels' own titles stand above them.
 * @throws {InputError} If there is no panel.
 */
export function panels(grid: PanelGrid, title?: string): PlotlySpec {
  require(grid.flat().length > 0, "draw panels", "there must be at least one");
  const { places, width, height } = arrange(grid, title === undefined ? toolsHeight : titleHeight);
  const data: PlotlyTrace[] = [];
  const layout: PlotlyLayout = {
    width,
    height,
    margin: { l: 0, r: 0, t: 0, b: 0 },
    showlegend: true,
    ...barMode(places),
    ...title !== undefined &&
      { title: { text: title, y: 1, yref: "container", yanchor: "top", pad: { t: 12, l: 16 } } },
  };
  const notes: unknown[] = [];
  const shapes: unknown[] = [];
  places.forEach((place, index) => {
    const suffix = index === 0 ? "" : String(index + 1);
    const { plot, ...parts } = placePanel(place, suffix, { width, height });
    const { data: traces, layout: { showlegend } } = place.panel;
    data.push(...traces.map((trace) => moveTrace(trace, suffix, plot, showlegend === true)));
    Object.assign(layout, parts.axes);
    notes.push(...parts.notes);
    shapes.push(...parts.shapes);
  });
  return { data, layout: { ...layout, annotations: notes, shapes } };
}

/** Plotly knows one mode for all bars of a figure. */
function barMode(places: Place[]) {
  const modes = new Set(places.flatMap(({ panel }) => panel.layout.barmode ?? []));
  require(modes.size < 2, "draw panels", "bars must be all grouped or all stacked", [...modes]);
  return modes.size === 1 ? { barmode: [...modes][0] } : {};
}

function arrange(grid: PanelGrid, above: number) {
  const places: Place[] = [];
  let [width, top] = [0, above];
  for (const row of grid) {
    const titles = row.map(titleOf);
    top += Math.max(0, ...titles.map(titleExcess));
    let left = 0;
    row.forEach((panel, index) => {
      places.push({ panel, title: titles[index], left, top });
      left += panel.layout.width;
    });
    width = Math.max(width, left);
    top += Math.max(0, ...row.map(({ layout }) => layout.height));
  }
  return { places, width, height: top };
}

/** The title of a panel, no wider than from its plot to its right edge. */
function titleOf({ layout }: PlotlySpec): string | undefined {
  const title = (layout.title as { text: string } | undefined)?.text;
  const { l } = layout.margin as { l: number };
  return title && wrapLabel(title, layout.width - l - titleGap, fontSizes.panelTitle, true);
}

/** By how much a title is higher than the margin above a panel, CSS pixels. */
function titleExcess(title: string | undefined): number {
  const lines = title === undefined ? 0 : labelSize(title, fontSizes.panelTitle).height;
  return Math.ceil(
    Math.max(0, lines - linesAbove * labelSize("", fontSizes.panelTitle).height),
  );
}

/** The rectangle of a panel's plot as shares of the figure, from the lower left corner. */
interface Plot {
  x: [number, number];
  y: [number, number];
  /** One CSS pixel as a share of the figure's width. */
  pixel: number;
}

function placePanel(
  { panel: { layout }, title, left, top }: Place,
  suffix: string,
  whole: { width: number; height: number },
) {
  const margin = layout.margin as { l: number; r: number; t: number; b: number };
  const x = (pixels: number) => (left + pixels) / whole.width;
  const y = (pixels: number) => 1 - (top + pixels) / whole.height;
  const plot: Plot = {
    x: [x(margin.l), x(layout.width - margin.r)],
    y: [y(layout.height - margin.b), y(margin.t)],
    pixel: 1 / whole.width,
  };
  const [xaxis, yaxis] = [layout.xaxis, layout.yaxis] as Record<string, unknown>[];
  const own = { xref: `x${suffix}`, yref: `y${suffix}` };
  const tails = { axref: own.xref, ayref: own.yref };
  const moved = (items: unknown) =>
    ((items ?? []) as object[]).map((item) => (
      { ...item, ...own, ...("axref" in item && tails) }
    ));
  const heading = {
    text: title?.split("<br>").map((line) => `<b>${line}</b>`).join("<br>"),
    x: plot.x[0],
    y: plot.y[1],
    xref: "paper",
    yref: "paper",
    xanchor: "left",
    yanchor: "bottom",
    yshift: 6,
    align: "left",
    showarrow: false,
    font: { size: fontSizes.panelTitle },
  };
  return {
    plot,
    axes: {
      [`xaxis${suffix}`]: { ...xaxis, domain: plot.x, anchor: `y${suffix}`, automargin: false },
      [`yaxis${suffix}`]: { ...yaxis, domain: plot.y, anchor: `x${suffix}`, automargin: false },
      ...layout.showlegend === true && {
        [`legend${suffix}`]: { x: plot.x[1] + 12 * plot.pixel, y: plot.y[1], ...legendLook },
      },
    },
    notes: [...title === undefined ? [] : [heading], ...moved(layout.annotations)],
    shapes: moved(layout.shapes),
  };
}

function moveTrace(
  trace: PlotlyTrace,
  suffix: string,
  { x, y, pixel }: Plot,
  listed: boolean,
): PlotlyTrace {
  const colorbar = trace.colorbar !== undefined && {
    ...(trace.colorbar as object),
    x: x[1] + 8 * pixel,
    xanchor: "left",
    y: (y[0] + y[1]) / 2,
    len: y[1] - y[0],
  };
  return {
    ...trace,
    xaxis: `x${suffix}`,
    yaxis: `y${suffix}`,
    ...trace.legendgroup !== undefined && { legendgroup: `${trace.legendgroup}${suffix}` },
    ...trace.type !== "heatmap" &&
      (listed ? { legend: `legend${suffix}` } : { showlegend: false }),
    ...colorbar && { colorbar },
  };
}

/** By which a text names a panel: 0 is a. */
export function letterOf(panel: number): string {
  return String.fromCharCode("a".charCodeAt(0) + panel);
}
