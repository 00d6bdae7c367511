import type { Page } from "playwright-core";
import type { PlotlyLayout } from "../../lib/report/mod.ts";

type Corners = [x: number, y: number][];

/** A text as a browser has drawn it. */
interface DrawnText {
  text: string;
  corners: Corners;
  /** Whether it belongs beside the plots: ticks, titles of axes and colour bars, legends. */
  beside: boolean;
  /** Whether a part of it is cut off by what it is drawn in. */
  clipped: boolean;
}

/**
 * What is wrong with the texts of a drawn figure: those that leave the image, are clipped, overlap
 * another text or Plotly's tools, or lie in a plot though they belong beside it. Positions are those of the browser, in
 * the fonts that it draws.
 *
 * @param selector Of the element that holds the figure's SVG images and is as large as the figure.
 */
export async function textFaults(
  page: Page,
  selector: string,
  layout: PlotlyLayout,
): Promise<string[]> {
  const texts = await page.evaluate<DrawnText[]>(`(${readTexts})(${JSON.stringify(selector)})`);
  const image = cornersOf({ left: 0, top: 0, right: layout.width, bottom: layout.height });
  const plots = plotsOf(layout);
  return [
    ...texts.length === 0 ? ["there is no text"] : [],
    ...texts.flatMap((one, index) => [
      ...contains(image, one.corners) ? [] : [`"${one.text}" leaves the image`],
      ...one.clipped ? [`"${one.text}" is clipped`] : [],
      ...one.beside && plots.some((plot) => overlap(plot, one.corners))
        ? [`"${one.text}" lies in a plot`]
        : [],
      ...texts.slice(index + 1).filter((other) => overlap(one.corners, other.corners))
        .map((other) => `"${one.text}" overlaps "${other.text}"`),
    ]),
  ];
}

/** Runs in the page. A text counts as a little lower than its line, which no letter fills. */
const readTexts = `(selector) => {
  const root = document.querySelector(selector);
  const origin = root.getBoundingClientRect();
  const corners = (element, { x, y, width, height }, trim) => {
    const { a, b, c, d, e, f } = element.getScreenCTM();
    const [top, bottom] = [y + trim * height, y + (1 - trim) * height];
    return [[x, top], [x + width, top], [x + width, bottom], [x, bottom]]
      .map(([x, y]) => [a * x + c * y + e - origin.x, b * x + d * y + f - origin.y]);
  };
  const reach = (points) => [0, 1].map((axis) => points.map((point) => point[axis]))
    .map((values) => [Math.min(...values), Math.max(...values)]);
  const isCut = (inner, outer) => reach(inner).some(([low, high], axis) => {
    const [from, to] = reach(outer)[axis];
    return low < from - 1 || high > to + 1;
  });
  const clips = (element) => {
    if (!element || element === root) return [];
    const [, id] = element.getAttribute("clip-path")?.match(/#([^'")]+)/) ?? [];
    const rect = id && root.querySelector("#" + CSS.escape(id) + " rect");
    const [x, y, width, height] = ["x", "y", "width", "height"]
      .map((name) => Number(rect?.getAttribute(name)));
    const own = rect ? [corners(element, { x, y, width, height }, 0)] : [];
    return [...own, ...clips(element.parentElement)];
  };
  const tools = [...root.querySelectorAll(".modebar-group")].map((element) => {
    const { left, top, right, bottom } = element.getBoundingClientRect();
    const place = [[left, top], [right, top], [right, bottom], [left, bottom]]
      .map(([x, y]) => [x - origin.x, y - origin.y]);
    return { text: "tools", corners: place, beside: true, clipped: false };
  });
  return tools.concat(...[...root.querySelectorAll("text")].map((element) => {
    const text = element.textContent.replaceAll("\\u200b", "").trim();
    const { display, visibility } = getComputedStyle(element);
    const hidden = display === "none" || visibility === "hidden";
    if (!text || hidden || element.closest(".hoverlayer")) return [];
    const place = corners(element, element.getBBox(), 0.12);
    return [{
      text,
      corners: place,
      beside: element.closest(".legend, .xtick, .ytick, .g-xtitle, .g-ytitle, .infolayer > g") !== null
        && element.closest(".annotation, .g-gtitle") === null,
      clipped: clips(element).some((clip) => isCut(place, clip)),
    }];
  }));
}`;

interface Rectangle {
  left: number;
  top: number;
  right: number;
  bottom: number;
}

function cornersOf({ left, top, right, bottom }: Rectangle): Corners {
  return [[left, top], [right, top], [right, bottom], [left, bottom]];
}

/** Where the plots of panels lie, CSS pixels; that of a chart alone moves as its labels need. */
function plotsOf({ width, height, ...layout }: PlotlyLayout): Corners[] {
  const { l, r, t, b } = layout.margin as Record<"l" | "r" | "t" | "b", number>;
  const domains = Object.keys(layout).filter((name) => /^xaxis\d*$/.test(name)).map((name) =>
    [name, name.replace("x", "y")].map((axis) => (layout[axis] as { domain?: number[] }).domain)
  );
  return domains.flatMap(([across, up]) => across && up ? [[across, up]] : []).map((domain) => {
    const [[from, to], [low, high]] = domain;
    return cornersOf({
      left: l + from * (width - l - r),
      right: l + to * (width - l - r),
      top: t + (1 - high) * (height - t - b),
      bottom: t + (1 - low) * (height - t - b),
    });
  });
}

/** Whether a rectangle with level sides holds all corners, to half a pixel. */
function contains([[left, top], , [right, bottom]]: Corners, corners: Corners): boolean {
  return corners.every(([x, y]) =>
    x > left - 0.5 && x < right + 0.5 && y > top - 0.5 && y < bottom + 0.5
  );
}

/** Whether two rectangles, level or not, have more than half a pixel in common. */
function overlap(one: Corners, other: Corners): boolean {
  return [one, other].every((rectangle) =>
    rectangle.every(([x, y], index) => {
      const [nextX, nextY] = rectangle[(index + 1) % 4];
      const side = [nextX - x, nextY - y];
      const length = Math.hypot(...side) || 1;
      const along = ([x, y]: Corners[number]) => (x * side[0] + y * side[1]) / length;
      const [first, second] = [one, other].map((corners) => corners.map(along));
      return Math.max(...first) > Math.min(...second) + 0.5 &&
        Math.max(...second) > Math.min(...first) + 0.5;
    })
  );
}
