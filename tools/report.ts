/** `deno task report`: one page with every table, verdict and figure in results/. */
import { counted } from "../lib/core/mod.ts";
import { prepareFolder, writeAtomically } from "../lib/io/mod.ts";
import { type PlotlySpec, renderSvg, withFonts, withTheme } from "../lib/report/mod.ts";
import { main } from "./command_line.ts";
import { type ReportPage, reportPage, summaryPicture } from "./report_page.ts";
import { modelFolders, resultFolder } from "./result_folders.ts";

const folder = resultFolder;
const plotly = "plotly.min.js";

await main((program, { signal }) =>
  program.name("report")
    .description(
      "Writes results/index.html from the tables and figures in results/, and a page for each model " +
        "with a folder there.",
    )
    .action(() => run(signal))
);

async function run(signal: AbortSignal): Promise<void> {
  await prepareFolder(folder);
  const others = await modelFolders(folder);
  await writePage(folder, await reportPage(folder, plotly, { others, signal }));
  for (const model of others) {
    const page = await reportPage(`${folder}/${model}`, `../${plotly}`, { model, signal });
    await writePage(`${folder}/${model}`, page);
    if (page.summary) await writePicture(`${folder}/${model}/${summaryPicture}`, page.summary.spec);
  }
  const { default: source } = await import("plotly.js", { with: { type: "text" } });
  await writeAtomically(`${folder}/${plotly}`, source);
}

async function writePage(
  folder: string,
  { html, tables, figures, pictures }: ReportPage,
): Promise<void> {
  await writeAtomically(`${folder}/index.html`, html);
  for (const [name, spec] of Object.entries(pictures)) {
    await writePicture(`${folder}/${name}.svg`, spec);
  }
  const megabytes = (new TextEncoder().encode(html).length / 1e6).toFixed(1);
  const shown = `${counted(tables, "table")}, ${counted(figures, "figure")}`;
  console.log(`${folder}/index.html: ${shown}, ${megabytes} MB`);
}

async function writePicture(path: string, spec: PlotlySpec): Promise<void> {
  await writeAtomically(path, withFonts(await renderSvg(withTheme(spec, "light"))));
}
