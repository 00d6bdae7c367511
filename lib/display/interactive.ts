import { fontFaces, fontsReady } from "../report/mod.ts";
import { Display } from "./display.ts";

/** Tells figures that were shown before Plotly was there. */
const readyEvent = "agile-quant-plotly";

/** Begins the script that brings Plotly; what renders notebooks to pages may put a link in its place. */
export const plotlyScript = "<script data-plotly>";

/**
 * Makes the figures of the whole notebook interactive, in every viewer that runs scripts and without
 * a network: its output holds Plotly itself. To stand at the end of a notebook's first cell.
 */
export async function interactiveFigures(): Promise<Display> {
  const { default: source } = await import(
    "npm:plotly.js-cartesian-dist-min@4.1.1/plotly-cartesian.min.js",
    { with: { type: "text" } }
  );
  const version = source.match(/plotly\.js \(cartesian - minified\) v(\S+)/)?.[1] ?? "";
  const text = `Figures are interactive: plotly.js ${version}`;
  return new Display(text, () => ({
    "text/html": `${plotlyScript}${source}\nwindow.dispatchEvent(new Event("${readyEvent}"))` +
      `</script>` +
      `<style>${fontFaces}</style><small>${text}</small>`,
    "text/plain": text,
  }));
}

/**
 * What a figure's script calls, in the browser: written into the page as its source. A figure wider
 * than the page is scaled down.
 */
export const drawWhenReady = `function ({ id, spec, templates }) {
  const draw = () => {
    const place = document.getElementById(id);
    if (!place || !window.Plotly) return;
    window.removeEventListener("${readyEvent}", draw);
    const dark = document.body.dataset.jpThemeLight === "false";
    const layout = { ...spec.layout, template: templates[dark ? "dark" : "light"] };
    const scale = Math.min(1, (place.clientWidth || layout.width) / layout.width);
    const plot = document.createElement("div");
    plot.style.transform = "scale(" + scale + ")";
    plot.style.transformOrigin = "0 0";
    place.style.overflow = "hidden";
    place.style.height = Math.ceil(scale * layout.height) + "px";
    ${fontsReady}.finally(() => {
      place.replaceChildren(plot);
      window.Plotly.newPlot(plot, spec.data, layout, { displaylogo: false });
    });
  };
  window.addEventListener("${readyEvent}", draw);
  draw();
}`;
