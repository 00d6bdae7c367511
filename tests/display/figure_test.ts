import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { verdictLegend } from "../../lib/core/mod.ts";
import { displayFigure } from "../../lib/display/mod.ts";
import { type Figure, lineChart, renderSvg, withFonts, withTheme } from "../../lib/report/mod.ts";

const spec = lineChart({
  title: "a < b",
  x: { title: "x" },
  y: { title: "y" },
  series: [{ name: "</script>", x: [0, 1], y: [{ value: 0 }, { value: 1 }] }],
});

const figure: Figure = {
  name: "figure0",
  title: "A & B",
  shows: "How a < b.",
  verdict: "undecided",
  agreement: "Here it is.",
  details: ["m: 1 dB."],
  spec,
  data: null,
  configuration: null,
};

/** The output of a cell, as the kernel asks for it. */
async function outputOf(shown: object): Promise<Record<string, unknown>> {
  const symbol = Symbol.for("Jupyter.display");
  return await (shown as Record<symbol, () => Promise<Record<string, unknown>>>)[symbol]();
}

Deno.test("displayFigure() gives viewers of every kind the figure in one output", async () => {
  const output = await outputOf(displayFigure(spec));
  const light = withTheme(spec, "light");
  const svg = withFonts(await renderSvg(light));
  assertEquals(output["application/vnd.plotly.v1+json"], light);
  assertEquals(output["image/svg+xml"], svg);
  assertEquals(output["text/plain"], "[figure: a < b]");
  const html = output["text/html"] as string;
  const image = html.match(/<img alt="a &lt; b" src="data:image\/svg\+xml;base64,([^"]+)"/)![1];
  assertEquals(new TextDecoder().decode(Uint8Array.fromBase64(image)), svg);
});

Deno.test("displayFigure() writes a spec that cannot end its script, and that the script can read", async () => {
  const html = (await outputOf(displayFigure(spec)))["text/html"] as string;
  assertEquals(html.split("</script>").length, 2);
  const argument = html.match(/\}\)\((\{.*\})\)<\/script>/s)![1];
  const { id, spec: read, templates } = JSON.parse(argument);
  assertEquals(read, spec);
  assertStringIncludes(html, `<div id="${id}"`);
  assertEquals(Object.keys(templates), ["light", "dark"]);
});

Deno.test("displayFigure() prints what a figure shows and how it compares to the paper", async () => {
  const shown = displayFigure(figure);
  const lines = ["[figure: A & B]", "How a < b.", "Against the paper: undecided. Here it is."];
  assertEquals(`${shown}`, [...lines, verdictLegend, "- m: 1 dB."].join("\n"));
  const ours = displayFigure({ ...figure, verdict: undefined });
  assertStringIncludes(`${ours}`, "How a < b.\nBeyond the paper. Here it is.\n- m");
  const html = (await outputOf(shown))["text/html"] as string;
  assertStringIncludes(html, `<img alt="A &amp; B"`);
  assertStringIncludes(html, "<p>How a &lt; b.</p>");
  assertStringIncludes(html, "<ul><li>m: 1 dB.</li></ul>");
});

Deno.test("displayFigure() names each drawing anew, so that one figure can be shown twice", async () => {
  const ids = [displayFigure(spec), displayFigure(spec)].map(async (shown) =>
    (await outputOf(shown))["text/html"]!.toString().match(/id="([^"]+)"/)![1]
  );
  const [one, other] = await Promise.all(ids);
  assert(one !== other);
});
