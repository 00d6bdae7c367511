import { refuse, sha256 } from "../../core/mod.ts";
import type { PlotlySpec } from "../plot/mod.ts";
import type { Page } from "./page.ts";

/** Made when first needed: it takes a second, which nothing else should wait for. */
let page: Promise<Page> | undefined;

/** Drawings take turns, since they share the page. */
let turn: Promise<unknown> = Promise.resolve();

/**
 * A figure as an SVG image, drawn by Plotly without a browser. Equal specs give equal bytes. Ids in it
 * follow from the spec, so that several images can be part of one page; the page brings the fonts, and
 * an image that stands alone is given them by {@linkcode withFonts}.
 *
 * @throws {InputError} If Plotly does not know an attribute of the spec, refuses its value or breaks.
 */
export function renderSvg(spec: PlotlySpec): Promise<string> {
  const drawn = turn.then(() => draw(spec));
  turn = drawn.catch(() => {});
  return drawn;
}

async function draw(spec: PlotlySpec): Promise<string> {
  page ??= import("./page.ts").then(({ openPage }) => openPage());
  const { plotly, adopt, reseed } = await page;
  const { data, layout } = adopt(spec);
  const [fault] = await orRefuse(() => plotly.validate(data, layout) ?? []);
  if (fault) refuse(action, fault.msg);
  reseed(parseInt((await sha256(JSON.stringify(spec))).slice(0, 8), 16));
  return await orRefuse(() =>
    plotly.toImage({ data, layout }, { format: "svg", imageDataOnly: true })
  );
}

const action = "draw a figure";

/** Some specs break Plotly, which must not look like a fault of the program. */
async function orRefuse<Result>(plot: () => Result | Promise<Result>): Promise<Result> {
  try {
    return await plot();
  } catch (error) {
    refuse(action, "Plotly must be able to draw it", String(error));
  }
}
