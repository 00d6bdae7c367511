/** `deno task report`: one page with every table, verdict and figure in results/. */
import { counted } from "../lib/core/mod.ts";
import { prepareFolder, writeAtomically } from "../lib/io/mod.ts";
import { main } from "./command_line.ts";
import { reportPage } from "./report_page.ts";

const folder = "results";
const plotly = "plotly.min.js";

await main((program, { signal }) =>
  program.name("report")
    .description("Writes results/index.html from the tables and figures in results/.")
    .action(() => run(signal))
);

async function run(signal: AbortSignal): Promise<void> {
  await prepareFolder(folder);
  const { html, tables, figures } = await reportPage(folder, plotly, signal);
  await writeAtomically(`${folder}/index.html`, html);
  const { default: source } = await import("plotly.js", { with: { type: "text" } });
  await writeAtomically(`${folder}/${plotly}`, source);
  const megabytes = (new TextEncoder().encode(html).length / 1e6).toFixed(1);
  const shown = `${counted(tables, "table")}, ${counted(figures, "figure")}`;
  console.log(`${folder}/index.html: ${shown}, ${megabytes} MB`);
}
