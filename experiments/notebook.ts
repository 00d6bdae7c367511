import { require } from "../lib/core/mod.ts";
import {
  type Display,
  interactiveFigures,
  type NotebookHooks,
  notebookHooks,
  surviveStop,
} from "../lib/display/mod.ts";
import { useBackend } from "../lib/tensor/mod.ts";
import { type FigureSubject, readFigureSubject } from "./measure/figure_subject.ts";
import { loadSubject } from "./measure/subject.ts";

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

/** How many subjects were asked for in this kernel: the last one's model is the one that runs. */
let asked = 0;

/**
 * Loads the model that a notebook is about. The blocks of the one that it was about before cannot be
 * opened any more: should this fail, later cells cannot show the former model under the new one's name.
 * What loading warns of stands below the cell.
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
  const own = ++asked;
  const read = await readFigureSubject({ folder, window, windows }, await useBackend("agile"));
  const subject = await loadSubject(read);
  for (const warning of subject.warnings) console.warn(`Warning: ${warning}`);
  const { model } = subject;
  const layer = async (index: number) => {
    const rule = "no other may have been opened after it: open it again";
    require(own === asked, `run ${model.name}`, rule);
    return await model.source.layer(index);
  };
  return { ...subject, model: { ...model, source: { ...model.source, layer } } };
}
