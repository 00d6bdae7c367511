import {
  type Display,
  interactiveFigures,
  type NotebookHooks,
  notebookHooks,
  surviveStop,
} from "../lib/display/mod.ts";
import { useBackend } from "../lib/tensor/mod.ts";
import { type FigureSubject, loadFigureSubject } from "./measure/figure_subject.ts";

/**
 * To stand at the end of a notebook's first cell: figures are interactive, and the button Stop ends
 * a cell and not the kernel.
 */
export async function startNotebook(): Promise<Display> {
  surviveStop(Deno);
  return await interactiveFigures();
}

/** What long work in a cell reports to, and what the button Stop aborts. */
export function cellHooks(): NotebookHooks {
  return notebookHooks(Deno);
}

/** The subject of the notebook that runs in this kernel. */
let opened: FigureSubject | undefined;

/**
 * Loads the model that a notebook is about, and frees the one that it was about before: should this
 * fail, later cells cannot show the former model under the new one's name. What loading warns of stands
 * below the cell.
 *
 * @param folder A model in Hugging Face layout with tokenizer.json.
 * @param options.window Tokens per window; the model's longest, at most 2048, unless given.
 * @param options.windows How many windows of each text to take; all unless given.
 * @throws {InputError} If the folder does not hold a model that can be run, or its tokenizer has
 *   tokens that the model does not know.
 */
export async function openSubject(
  folder: string,
  { window, windows }: { window?: number; windows?: number } = {},
): Promise<FigureSubject> {
  opened?.[Symbol.dispose]();
  opened = undefined;
  opened = await loadFigureSubject(folder, { ...await useBackend("agile"), window, windows });
  for (const warning of opened.warnings) console.warn(`Warning: ${warning}`);
  return opened;
}
