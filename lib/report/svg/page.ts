import { seededRandom } from "../../core/mod.ts";
import { encode } from "npm:fast-png@8.0.0";
import { JSDOM } from "npm:jsdom@31.0.1";
import plotlySource from "npm:plotly.js-cartesian-dist-min@4.1.1/plotly-cartesian.min.js" with {
  type: "text",
};
import type { PlotlySpec } from "../plot/mod.ts";
import { boxOf, type SvgElement } from "./boxes.ts";
import { lineLength, pointAt } from "./straight_path.ts";

/** What is used of Plotly. */
export interface Plotly {
  toImage(spec: PlotlySpec, options: { format: "svg"; imageDataOnly: true }): Promise<string>;
  /** What is wrong with a spec by Plotly's own schema; undefined when nothing is. */
  validate(data: unknown[], layout: unknown): { msg: string }[] | undefined;
}

/** A page without a browser in which Plotly draws. */
export interface Page {
  plotly: Plotly;
  /** A copy of plain data that belongs to the page: Plotly knows its own arrays and objects only. */
  adopt<T>(value: T): T;
  /** Makes what Plotly draws at random, the names of clip paths, follow from a seed. */
  reseed(seed: number): void;
}

/**
 * Opens a page with Plotly. jsdom lays nothing out and paints nothing; what Plotly asks of both is
 * answered here: the boxes of texts, the ends of arrows, and images of heat maps.
 */
export function openPage(): Page {
  const { window } = new JSDOM("<!doctype html><body></body>", { runScripts: "outside-only" });
  const prototypes = window as unknown as {
    Element: { prototype: object };
    SVGElement: { prototype: object };
    HTMLCanvasElement: { prototype: object };
    URL: { createObjectURL?: () => string };
    CSS: unknown;
  };
  Object.assign(prototypes.Element.prototype, { getBoundingClientRect });
  Object.assign(prototypes.SVGElement.prototype, {
    getBBox: getBoundingClientRect,
    getTotalLength(this: SvgElement) {
      return lineLength(this);
    },
    getPointAtLength(this: SvgElement, distance: number) {
      return pointAt(this, distance);
    },
  });
  Object.assign(prototypes.HTMLCanvasElement.prototype, { getContext, toDataURL });
  prototypes.URL.createObjectURL = () => "";
  Object.defineProperty(window, "CSS", { value: { supports: () => true } });
  window.eval(plotlySource);
  const page = window as unknown as { Plotly: Plotly; JSON: JSON; Math: { random(): number } };
  return {
    plotly: page.Plotly,
    adopt: (value) => page.JSON.parse(JSON.stringify(value)),
    reseed(seed) {
      const { uniform } = seededRandom(seed);
      page.Math.random = uniform;
    },
  };
}

function getBoundingClientRect(this: SvgElement) {
  const box = boxOf(this) ?? { left: 0, top: 0, right: 0, bottom: 0 };
  const size = { width: box.right - box.left, height: box.bottom - box.top };
  return { ...box, ...size, x: box.left, y: box.top };
}

/** A canvas as heat maps use it: it is given all of its pixels at once. */
interface Canvas {
  width: number;
  height: number;
  pixels?: Uint8ClampedArray;
}

function getContext(this: Canvas) {
  return {
    createImageData: (width: number, height: number) => (
      { width, height, data: new Uint8ClampedArray(width * height * 4) }
    ),
    putImageData: ({ data }: { data: Uint8ClampedArray }) => {
      this.pixels = data;
    },
  };
}

function toDataURL({ width, height, pixels }: Canvas): string;
function toDataURL(this: Canvas): string {
  const { width, height, pixels } = this;
  const png = encode({ width, height, data: pixels!, channels: 4 });
  return `data:image/png;base64,${png.toBase64()}`;
}
