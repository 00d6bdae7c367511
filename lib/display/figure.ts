import { verdictLegend } from "../core/mod.ts";
import {
  type Drawing,
  escapeHtml,
  type Figure,
  type PlotlySpec,
  renderSvg,
  withFonts,
  withTheme,
} from "../report/mod.ts";
import { Display } from "./display.ts";
import { drawWhenReady } from "./interactive.ts";

/** A figure with what is said of it. */
export type DrawnFigure = Drawing & Pick<Figure, "title">;

/**
 * Makes a figure the result of a notebook's cell. One output holds it three times, for viewers of
 * every kind: for those that know Plotly; as a page that shows the static image until
 * {@linkcode interactiveFigures} has brought Plotly along; and as the static image.
 *
 * @param figure A figure with its verdict, which is printed below it, or a spec alone.
 */
export function displayFigure(figure: DrawnFigure | PlotlySpec): Display {
  const spec = "spec" in figure ? figure.spec : figure;
  const title = "spec" in figure ? figure.title : titleOf(spec);
  const caption = "spec" in figure ? captionOf(figure) : [];
  const details = "spec" in figure ? figure.details : [];
  const lines = [`[figure: ${title}]`, ...caption, ...details.map((line) => `- ${line}`)];
  const text = lines.join("\n");
  return new Display(text, async () => {
    const light = withTheme(spec, "light");
    const svg = withFonts(await renderSvg(light));
    return {
      "application/vnd.plotly.v1+json": light,
      "text/html": figureHtml(spec, svg, title) + captionHtml(caption, details),
      "image/svg+xml": svg,
      "text/plain": text,
    };
  });
}

function captionOf({ shows, verdict, agreement }: DrawnFigure): string[] {
  return verdict
    ? [shows, `Against the paper: ${verdict}. ${agreement}`, verdictLegend]
    : [shows, `Beyond the paper. ${agreement}`];
}

function captionHtml(caption: string[], details: readonly string[]): string {
  const items = details.map((line) => `<li>${escapeHtml(line)}</li>`);
  return [
    ...caption.map((paragraph) => `<p>${escapeHtml(paragraph)}</p>`),
    ...items.length > 0 ? [`<ul>${items.join("")}</ul>`] : [],
  ].join("\n");
}

/** The static image and the script that draws over it. */
function figureHtml(spec: PlotlySpec, svg: string, title: string): string {
  const id = `figure-${crypto.randomUUID()}`;
  const templates = {
    light: withTheme(spec, "light").layout.template,
    dark: withTheme(spec, "dark").layout.template,
  };
  const image = `data:image/svg+xml;base64,${new TextEncoder().encode(svg).toBase64()}`;
  return [
    `<div id="${id}">` +
    `<img alt="${escapeHtml(title)}" src="${image}" style="max-width:100%"></div>`,
    `<script>(${drawWhenReady})(${scriptData({ id, spec, templates })})</script>`,
  ].join("\n");
}

/** A value as JavaScript that cannot end the script it stands in. */
function scriptData(value: unknown): string {
  return JSON.stringify(value).replaceAll("<", "\\u003c");
}

function titleOf({ layout }: PlotlySpec): string {
  const title = layout.title as { text: string } | undefined;
  return title?.text ?? "without a title";
}
