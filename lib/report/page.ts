import { fontFaces, fontsReady } from "./font/font.ts";
import { escapeHtml } from "./html.ts";
import { tableStyle } from "./table_style.ts";

/** One part of a page, with its own entry in the navigation. */
export interface PageSection {
  /** Unique on the page; what links lead to. */
  id: string;
  title: string;
  /** HTML, taken as it is. */
  html: string;
}

/** A document that needs nothing beside it but, for interactive figures, the plotting script. */
export interface Page {
  title: string;
  /** HTML above the first section. */
  introduction: string;
  sections: PageSection[];
  /** Where the Plotly script lies, relative to the page. */
  plotly: string;
}

/**
 * A self-contained HTML document: navigation beside the text (above it on a phone), wide tables that
 * scroll in themselves, light and dark after the reader's setting. Elements of
 * {@linkcode plotPlaceholder} become interactive figures when they come into view.
 */
export function toPage({ title, introduction, sections, plotly }: Page): string {
  const links = sections.map(({ id, title }) =>
    `<li><a href="#${escapeHtml(id)}">${escapeHtml(title)}</a></li>`
  );
  const bodies = sections.map(({ id, title, html }) =>
    `<section id="${escapeHtml(id)}">\n<h2>${escapeHtml(title)}</h2>\n${html}\n</section>`
  );
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)}</title>
<style>${fontFaces}${style}</style>
<script src="${escapeHtml(plotly)}" defer></script>
</head>
<body>
<nav aria-label="Contents"><ul>${links.join("\n")}</ul></nav>
<main>
<h1>${escapeHtml(title)}</h1>
${introduction}
${bodies.join("\n")}
</main>
<script>${script}</script>
</body>
</html>
`;
}

/**
 * A figure that shows its static picture until the plotting script draws it, and where there is no
 * script. A drawn figure that is wider than the page is made smaller, as long as it stays legible.
 *
 * @param figure Data and layout, light and dark, as Plotly reads them.
 * @param picture SVG.
 */
export function plotPlaceholder(
  figure: { data: unknown; light: unknown; dark: unknown },
  picture: string,
  description: string,
): string {
  const json = JSON.stringify(figure).replaceAll("<", "\\u003c");
  return `<div class="scroll" tabindex="0"><div class="plot" role="img" aria-label="${
    escapeHtml(description)
  }">` +
    `<div class="picture">${picture}</div>` +
    `<script type="application/json">${json}</script></div></div>`;
}

const style = `
:root { color-scheme: light dark; --text: #1b1f24; --quiet: #59636e; --ground: #fff;
  --line: #d1d9e0; --shade: rgb(0 0 0 / 0.3); --link: #0b5cad; }
@media (prefers-color-scheme: dark) { :root { --text: #e6e8eb; --quiet: #9aa4af; --ground: #14171a;
  --line: #383f47; --shade: rgb(255 255 255 / 0.35); --link: #7fb8f0; } }
* { box-sizing: border-box; }
html { scroll-behavior: smooth; scroll-padding-top: 1rem; }
body { margin: 0; display: grid; grid-template-columns: 15rem minmax(0, 1fr); color: var(--text);
  background: var(--ground); font: 16px/1.55 system-ui, sans-serif; }
nav { position: sticky; top: 0; align-self: start; height: 100vh; overflow-y: auto; padding: 1.5rem;
  border-right: 1px solid var(--line); font-size: 0.9rem; }
nav ul { list-style: none; margin: 0; padding: 0; }
nav li { margin: 0.35rem 0; }
a { color: var(--link); }
nav a { text-decoration: none; }
main { padding: 1.5rem 2.5rem 4rem; max-width: 85rem; min-width: 0; }
p { max-width: 60rem; }
h1 { font-size: 1.8rem; line-height: 1.2; margin-top: 0; }
h2 { font-size: 1.3rem; margin-top: 2.5rem; padding-top: 1rem; border-top: 1px solid var(--line); }
${tableStyle}
table { font-size: 0.88rem; }
section > .scroll:first-of-type > table > caption { display: none; }
td:nth-child(n + 5):not(.number) { min-width: 22rem; }
ul { padding-left: 1.2rem; }
section ul, .quiet { color: var(--quiet); font-size: 0.88rem; }
.verdicts { list-style: none; padding: 0; max-width: 60rem; color: var(--text); font-size: 0.94rem; }
.verdicts li { display: grid; grid-template-columns: 6rem minmax(0, 1fr); gap: 0.75rem;
  padding: 0.6rem 0; border-bottom: 1px solid var(--line); }
.verdicts p { margin: 0.2rem 0 0; }
.verdict { border-radius: 0.3rem; padding: 0.1rem 0.45rem; margin-right: 0.3rem; font-size: 0.85rem;
  font-weight: 600; display: inline-block; line-height: 1.4; color: #fff; background: #5c6670; }
.verdict.reproduced { background: #00609a; }
.verdict.explained { background: #e69f00; color: #1b1f24; }
.verdict.contradicted { background: #b84800; }
.plot { margin: 1rem 0; min-height: 12rem; overflow: hidden; }
.drawn { transform-origin: 0 0; }
@keyframes more { from, 98% { mask-image: linear-gradient(to left, transparent, #000 3rem); } }
.scroll:has(> .plot) { animation: more linear; animation-timeline: scroll(self inline); }
.picture svg { max-width: 100%; height: auto; background: #fff; }
@media (max-width: 48rem) {
  body { display: block; }
  nav { position: static; height: auto; border-right: 0; border-bottom: 1px solid var(--line);
    padding: 0.75rem 1rem; }
  nav ul { display: flex; flex-wrap: wrap; gap: 0.2rem 1rem; }
  nav li { margin: 0; }
  main { padding: 1rem; }
  table { font-size: 0.8rem; }
  .verdicts li { display: block; }
}
`;

const script = `
addEventListener("DOMContentLoaded", () => {
  if (!window.Plotly) return;
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const legible = 0.75;
  const fit = (plot) => {
    const target = plot.querySelector(".drawn");
    const { width, height } = target.layout;
    const scale = Math.min(1, Math.max(legible, plot.parentElement.clientWidth / width));
    target.style.transform = "scale(" + scale + ")";
    plot.style.width = scale * width + "px";
    plot.style.height = scale * height + "px";
  };
  const draw = (plot) => {
    const { data, light, dark: night } = JSON.parse(plot.querySelector("script").textContent);
    const picture = plot.querySelector(".picture");
    const target = plot.querySelector(".drawn") ?? plot.appendChild(document.createElement("div"));
    target.className = "drawn";
    picture.hidden = true;
    Plotly.react(target, data, dark.matches ? night : light, { displaylogo: false }).then(() => {
      fit(plot);
      plot.dataset.drawn = "true";
    });
  };
  const plots = [...document.querySelectorAll(".plot")];
  const seen = new IntersectionObserver((entries) => {
    for (const { isIntersecting, target } of entries) {
      if (!isIntersecting) continue;
      seen.unobserve(target);
      draw(target);
    }
  }, { rootMargin: "400px" });
  ${fontsReady}.finally(() => plots.forEach((plot) => seen.observe(plot)));
  const again = (how) => () => plots.filter((plot) => plot.dataset.drawn).forEach(how);
  dark.addEventListener("change", again(draw));
  addEventListener("resize", again(fit));
});
`;
