/** `deno task notebooks`: runs the notebooks and renders them as pages, or strips their outputs. */
import { type Progress, require } from "../lib/core/mod.ts";
import { prepareFolder, writeAtomically } from "../lib/io/mod.ts";
import { main, type Session } from "./command_line.ts";
import { Jupyter } from "./jupyter.ts";
import {
  complaintsAbout,
  formatNotebook,
  type Notebook,
  readNotebook,
  stripNotebook,
} from "./notebook.ts";
import { notebookPage, withoutPlotly } from "./notebook_page.ts";

const folder = "notebooks";
const pages = "results/notebooks";

await main((program, session) =>
  program.name("notebooks")
    .description(`Runs the notebooks on the Deno kernel and writes ${pages}/NAME.html.`)
    .argument("[names...]", "which, such as 01_quantizers or 01; all unless given")
    .option("--strip", "remove outputs and metadata from the notebooks instead")
    .action((names: string[], { strip }: { strip?: boolean }) =>
      strip ? stripAll(names) : runAll(names, session)
    )
);

async function stripAll(names: string[]): Promise<void> {
  for (const name of await select(names)) {
    const path = `${folder}/${name}.ipynb`;
    await writeAtomically(path, formatNotebook(stripNotebook(await read(name))));
  }
}

/** Ends the process with status 1 if a notebook failed; the others are rendered all the same. */
async function runAll(names: string[], session: Session): Promise<void> {
  const failures = await renderAll(names, session);
  failures.forEach((failure) => console.error(failure));
  if (failures.length > 0) Deno.exit(1);
}

/** @returns What went wrong, a line each. */
async function renderAll(names: string[], { progress, signal }: Session): Promise<string[]> {
  const selected = await select(names);
  await prepareFolder(pages);
  const jupyter = await Jupyter.start();
  const { default: plotly } = await import("plotly.js", { with: { type: "text" } });
  await writeAtomically("results/plotly.min.js", plotly);
  const failures: string[] = [];
  for (const name of selected) {
    const executed = await execute(jupyter, name, progress, signal);
    failures.push(...complaintsAbout(executed).map((complaint) => `${name}, ${complaint}`));
    const cells = await jupyter.toHtml(withoutPlotly(executed), signal);
    const page = notebookPage(titleOf(executed, name), cells, "../plotly.min.js");
    await writeAtomically(`${pages}/${name}.html`, page);
    console.log(`${pages}/${name}.html`);
  }
  return failures;
}

async function execute(
  jupyter: Jupyter,
  name: string,
  progress: Progress,
  signal: AbortSignal,
): Promise<Notebook> {
  const notebook = await read(name);
  progress.start(name, notebook.cells.length);
  const executed = await jupyter.execute(notebook, (cells) => progress.update(cells), signal);
  progress.finish();
  return executed;
}

/** The names of the notebooks that are asked for, each by its beginning. */
async function select(names: string[]): Promise<string[]> {
  const all: string[] = [];
  for await (const { name } of Deno.readDir(folder)) {
    if (name.endsWith(".ipynb")) all.push(name.slice(0, -".ipynb".length));
  }
  all.sort();
  if (names.length === 0) return all;
  return names.flatMap((wanted) => {
    const found = all.filter((name) => name.startsWith(wanted));
    require(found.length > 0, "run notebooks", `names must be ${all.join(", ")}`, wanted);
    return found;
  });
}

function read(name: string): Promise<Notebook> {
  return readNotebook(`${folder}/${name}.ipynb`);
}

/** The first heading. */
function titleOf({ cells }: Notebook, name: string): string {
  const [first] = cells;
  return [first.source].flat().join("").match(/^# (.*)/)?.[1] ?? name;
}
