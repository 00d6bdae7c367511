import { fontFamily } from "../font/font.ts";
import { fontSizes } from "./room.ts";
import type { PlotlySpec } from "./spec.ts";

/** How figures look: on white paper, or on a dark screen. */
export type ThemeName = "light" | "dark";

/**
 * Colours of series (Okabe and Ito 2008), told apart by colour-blind eyes. Those whose contrast is
 * weak on white or on black are left out.
 */
export const palette = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9"] as const;

/** What is compared against: controls and full precision. Reads on white and on black. */
export const neutral = "#7F7F7F";

/** Besides its colour, what tells a series apart in grey print. */
const dashes = ["solid", "dash", "dot", "dashdot", "longdash", "longdashdot"] as const;
const symbols = ["circle", "square", "diamond", "triangle-up", "x", "star"] as const;
const patterns = ["", "/", ".", "x", "\\", "-"] as const;

/**
 * How the series with this index is drawn. Colours begin anew after six series, then with other
 * dashes, symbols and hatching.
 */
export function lookOf(index: number) {
  const round = Math.floor(index / palette.length);
  const nth = <T>(choices: readonly T[]) => choices[(index + round) % choices.length];
  return {
    color: palette[index % palette.length],
    dash: nth(dashes),
    symbol: nth(symbols),
    pattern: nth(patterns),
  };
}

/** Of heat maps: perceptually uniform, and its lightness rises throughout, so it survives grey. */
export const sequentialScale = "Viridis";

const inks = {
  light: { text: "#1A1A1A", paper: "#FFFFFF", grid: "#DDDDDD", axis: "#555555" },
  dark: { text: "#E8E8E8", paper: "#16191D", grid: "#3A3F46", axis: "#A0A6AD" },
};

/** The spec in the colours and fonts of a theme. Specs themselves name none but series colours. */
export function withTheme(spec: PlotlySpec, theme: ThemeName): PlotlySpec {
  return { ...spec, layout: { ...spec.layout, template: templates[theme] } };
}

const templates = { light: template("light"), dark: template("dark") };

function template(theme: ThemeName) {
  const { text, paper, grid, axis } = inks[theme];
  const scale = {
    gridcolor: grid,
    linecolor: axis,
    tickcolor: axis,
    zerolinecolor: grid,
    showline: true,
    ticks: "outside",
    ticklen: 4,
    title: { standoff: 10, font: { size: fontSizes.axisTitle } },
    tickfont: { size: fontSizes.ticks },
    automargin: true,
  };
  return {
    layout: {
      font: { family: fontFamily, size: 13, color: text },
      title: {
        x: 0,
        xref: "container",
        xanchor: "left",
        pad: { l: 16 },
        font: { size: fontSizes.title },
      },
      paper_bgcolor: paper,
      plot_bgcolor: paper,
      colorway: palette,
      colorscale: { sequential: sequentialScale },
      xaxis: scale,
      yaxis: scale,
      legend: { font: { size: fontSizes.legend }, bgcolor: "rgba(0,0,0,0)" },
      hoverlabel: { font: { family: fontFamily, size: 12 } },
      annotationdefaults: { font: { size: 12 } },
      bargap: 0.25,
    },
  };
}
