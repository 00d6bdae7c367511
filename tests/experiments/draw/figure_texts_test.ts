import { assertEquals } from "@std/assert";
import type { Page } from "playwright-core";
import plotly from "plotly.js" with { type: "text" };
import { drawLaneSums } from "../../../experiments/draw/lane_overflow.ts";
import { drawRegisters } from "../../../experiments/draw/register_drawing.ts";
import {
  errorAgainstRange,
  log2Transfer,
  uniformTransfer,
} from "../../../experiments/draw/transfer.ts";
import { figure5Trace } from "../../../experiments/figures/figure5.ts";
import { figureFiles } from "../../../experiments/figures/recorded_figure.ts";
import { decodeJson } from "../../../lib/core/mod.ts";
import {
  type Figure,
  fontFaces,
  fontsReady,
  type PlotlySpec,
  renderSvg,
  withFonts,
  withTheme,
} from "../../../lib/report/mod.ts";
import { modelFolders } from "../../../tools/result_folders.ts";
import { browserTest } from "../../browser.ts";
import { examples } from "../../report/plot/examples.ts";
import { textFaults } from "../../report/text_faults.ts";
import { exampleDrawings } from "./example_drawings.ts";

/** What is wrong with the texts of a figure, as an image and as Plotly draws it in a page. */
async function faultsOf(page: Page, spec: PlotlySpec): Promise<string[]> {
  const { data, layout } = withTheme(spec, "light");
  await page.setContent(`<body style="margin: 0">${withFonts(await renderSvg({ data, layout }))}`);
  await page.evaluate(fontsReady);
  const still = await textFaults(page, "svg", layout);
  await page.setContent(`<style>${fontFaces}</style><body style="margin: 0"><div id="plot"></div>`);
  await page.evaluate(fontsReady);
  await page.addScriptTag({ content: plotly });
  await page.evaluate(
    `Plotly.newPlot("plot", ...${JSON.stringify([data, layout, { displaylogo: false }])})`,
  );
  const live = await textFaults(page, "#plot", layout);
  return [...still.map((fault) => `image: ${fault}`), ...live.map((fault) => `page: ${fault}`)];
}

const settings = {
  "the bundled models": {
    names: ["llama-encyclopedia", "opt-encyclopedia", "bloom-encyclopedia"],
    layers: 4,
  },
  "models of long names and many layers": {
    names: ["TinyLlama-1.1B-intermediate-step-1431k-3T", "opt-125m"],
    layers: 22,
  },
  "one model of thirty layers and of a name that says what it is": {
    names: ["SmolLM2-135M-Instruct.Q4_1 (dequantized from Q4_1) on wikitext-2-raw-test.txt"],
    layers: 30,
  },
};

for (const [what, models] of Object.entries(settings)) {
  browserTest(`figures of ${what}: no text overlaps, is cut or lies in a plot`, async (browser) => {
    const page = await browser.newPage();
    for (const [name, spec] of await exampleDrawings(models)) {
      assertEquals(await faultsOf(page, spec), [], name);
    }
  });
}

/** Charts of every kind, and the figures of notebooks that are not among the suite's. */
const charts = {
  ...examples,
  uniformTransfer: uniformTransfer({ bits: 3, from: -0.5, to: 1.5 }),
  log2Transfer: log2Transfer({ bits: 4 }),
  errorAgainstRange: errorAgainstRange(),
  drawRegisters: drawRegisters(figure5Trace(), "First row: pack, multiply, spread, add"),
  drawLaneSums: drawLaneSums(600),
};

browserTest("charts: no text overlaps, is cut or lies in a plot", async (browser) => {
  const page = await browser.newPage();
  for (const [name, spec] of Object.entries(charts)) {
    assertEquals(await faultsOf(page, spec), [], name);
  }
});

browserTest("figures in results: no text overlaps, is cut or lies in a plot", async (browser) => {
  const page = await browser.newPage();
  const results = new URL("../../../results", import.meta.url).pathname;
  for (const model of [".", ...await modelFolders(results)]) {
    for (const path of await figureFiles(`${results}/${model}`)) {
      const { spec } = decodeJson(await Deno.readTextFile(path)) as Figure;
      assertEquals(await faultsOf(page, spec), [], path);
    }
  }
});
