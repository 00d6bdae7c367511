import { require } from "../lib/core/mod.ts";
import {
  type Display,
  interactiveFigures,
  type NotebookHooks,
  notebookHooks,
  surviveStop,
} from "../lib/display/mod.ts";
import type { Tokenizer } from "../lib/io/mod.ts";
import { useBackend } from "../lib/tensor/mod.ts";
import { type FigureSubject, readFigureSubject } from "./measure/figure_subject.ts";
import { loadSubject, type ModelRef } from "./measure/subject.ts";
import { fileSource } from "./measure/token_source.ts";

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

/**
 * The model that a notebook is about: the path of a folder in Hugging Face layout or of a GGUF file. One
 * that has read other texts than the bundled models comes with files to test and to calibrate on.
 */
export type NotebookModel = string | { path: string; text: string; calibration: string };

/** What a notebook is about. */
export interface NotebookSubject extends FigureSubject {
  tokenizer: Tokenizer;
}

/** How many subjects were asked for in this kernel: the last one's model is the one that runs. */
let asked = 0;

/**
 * Loads the model that a notebook is about. The blocks of the one that it was about before cannot be
 * opened any more: should this fail, later cells cannot show the former model under the new one's name.
 * What loading warns of stands below the cell.
 *
 * @param source A model with a tokenizer.
 * @param options.window Tokens per window; the model's longest, at most 2048, unless given.
 * @param options.windows How many windows of each text to take; all unless given.
 * @throws {InputError} If there is no model that can be run, or its tokenizer has
 *   tokens that the model does not know.
 */
export async function openSubject(
  source: NotebookModel,
  { window, windows }: { window?: number; windows?: number } = {},
): Promise<NotebookSubject> {
  const own = ++asked;
  const ref = { ...modelRef(source), window, windows };
  const read = await readFigureSubject(ref, await useBackend("agile"));
  const { tokenizer } = read;
  require(tokenizer !== null, `open ${read.title}`, "a notebook's model needs a tokenizer");
  const subject = await loadSubject(read);
  for (const warning of subject.warnings) console.warn(`Warning: ${warning}`);
  const { model } = subject;
  const layer = async (index: number) => {
    const rule = "no other may have been opened after it: open it again";
    require(own === asked, `run ${model.name}`, rule);
    return await model.source.layer(index);
  };
  return { ...subject, tokenizer, model: { ...model, source: { ...model.source, layer } } };
}

function modelRef(source: NotebookModel): ModelRef {
  if (typeof source === "string") return { folder: source };
  const { path, text, calibration } = source;
  return { folder: path, test: fileSource(text), calibration: fileSource(calibration) };
}
