import { assert, assertEquals } from "@std/assert";
import { JSDOM } from "jsdom";
import { drawWhenReady } from "../../lib/display/interactive.ts";
import { interactiveFigures, plotlyScript } from "../../lib/display/mod.ts";

/** A page with room for figures as wide as `clientWidth`. */
function pageWith(body: string, clientWidth = 300) {
  const { window } = new JSDOM(`<!doctype html>${body}`, { runScripts: "outside-only" });
  window.URL.createObjectURL = () => "";
  window.eval(
    `Object.defineProperty(HTMLElement.prototype, "clientWidth", { value: ${clientWidth} });
    document.fonts = { load: () => Promise.resolve() };`,
  );
  return window;
}

type Page = ReturnType<typeof pageWith>;

const spec = { data: [{ y: [1, 2] }], layout: { width: 600, height: 400 } };

/** Has a page draw a figure in an element as soon as Plotly is there. */
function draw(page: Page, id: string): void {
  const templates = { light: "light colours", dark: "dark colours" };
  page.eval(`(${drawWhenReady})(${JSON.stringify({ id, spec, templates })})`);
}

interface Drawing {
  plot: { parentElement: { id: string }; style: { transform: string } };
  data: unknown;
  layout: Record<string, unknown>;
}

/** Announces a Plotly, and waits for the first figure that is drawn with it. */
function announce(page: Page): Promise<Drawing> {
  return new Promise((resolve) => {
    const newPlot = (...[plot, data, layout]: [Drawing["plot"], unknown, Drawing["layout"]]) =>
      resolve({ plot, ...structuredClone({ data, layout }) }); // of this realm
    Object.assign(page, { Plotly: { newPlot } });
    page.dispatchEvent(new page.Event("agile-quant-plotly"));
  });
}

Deno.test("interactiveFigures() brings Plotly along in one script", async () => {
  const shown = await interactiveFigures();
  assertEquals(`${shown}`, "Figures are interactive: plotly.js 4.1.1");
  const html = await htmlOf(shown);
  assert(html.startsWith(plotlyScript));
  assertEquals(html.split("</script>").length, 2);
});

Deno.test("interactiveFigures() leaves a page with Plotly, past a loader of modules", async () => {
  const html = await htmlOf(await interactiveFigures());
  const script = html.slice(plotlyScript.length, html.indexOf("</script>"));
  // Classic notebooks define an AMD loader.
  const page = pageWith("");
  page.eval("window.define = () => { throw new Error('registered'); }; define.amd = true;");
  page.eval("window.ready = 0; addEventListener('agile-quant-plotly', () => ready++);");
  page.eval(script);
  assertEquals(page.eval("typeof Plotly.newPlot + ready"), "function1");
});

Deno.test("drawWhenReady replaces the image by the figure once Plotly is there", async () => {
  const page = pageWith('<div id="here"><img></div>');
  draw(page, "here");
  assertEquals(page.eval("here.innerHTML"), "<img>");
  const { plot, data, layout } = await announce(page);
  assertEquals(data, spec.data);
  assertEquals(layout, { ...spec.layout, template: "light colours" });
  assertEquals(plot.parentElement.id, "here");
  assertEquals(page.eval("document.querySelector('img')"), null);
});

Deno.test("drawWhenReady does not draw again when Plotly comes anew", async () => {
  const page = pageWith('<div id="here"></div><div id="there"></div>');
  draw(page, "here");
  await announce(page);
  const next = announce(page);
  draw(page, "there");
  assertEquals((await next).plot.parentElement.id, "there");
});

Deno.test("drawWhenReady takes the dark colours in a dark notebook", async () => {
  const page = pageWith('<body data-jp-theme-light="false"><div id="here"></div></body>');
  draw(page, "here");
  assertEquals((await announce(page)).layout.template, "dark colours");
});

for (const [width, scale, height] of [[300, 0.5, 200], [900, 1, 400], [0, 1, 400]]) {
  Deno.test(`drawWhenReady scales a figure 600 wide to a page ${width} wide`, async () => {
    const page = pageWith('<div id="here"></div>', width);
    draw(page, "here");
    const { plot } = await announce(page);
    assertEquals(plot.style.transform, `scale(${scale})`);
    assertEquals(page.eval("here.style.height"), `${height}px`);
  });
}

/** The page of a cell's output. */
async function htmlOf(shown: object): Promise<string> {
  const symbol = Symbol.for("Jupyter.display");
  const bundle = await (shown as Record<symbol, () => Promise<Record<string, string>>>)[symbol]();
  return bundle["text/html"];
}
