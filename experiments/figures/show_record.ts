import { Display, display, displayFigure } from "../../lib/display/mod.ts";
import { escapeHtml } from "../../lib/report/mod.ts";
import { exists } from "../../lib/io/mod.ts";
import { readPublishedTable } from "../tables/published_table.ts";
import { figureFiles, readFigure } from "./recorded_figure.ts";

/**
 * A figure of one model as the result of a notebook's cell, or what measures it where it has not been measured.
 *
 * @param folder Such as `results/NAME`.
 * @throws {InputError} If a record cannot be read, or there are several of this figure.
 */
export async function showFigure(folder: string, name: string): Promise<Display> {
  const files = await figureFiles(folder, [name]);
  if (files.length > 0) return displayFigure(await readFigure(folder, name));
  return notMeasured(`Figure ${name.replace("figure", "")}`, "figures --figure", folder);
}

/**
 * A table of one model, likewise.
 *
 * @throws {InputError} If its record cannot be read.
 */
export async function showTable(folder: string, number: number): Promise<Display> {
  const path = `${folder}/table${number}.json`;
  if (await exists(path)) return display((await readPublishedTable(path)).table);
  return notMeasured(`Table ${number}`, "reproduce --table", folder);
}

function notMeasured(what: string, command: string, folder: string): Display {
  const [, name] = what.split(" ");
  const text =
    `${what} has not been measured on this model: "deno task ${command} ${name}" does, ` +
    `with its results in ${folder}.`;
  return new Display(text, () => ({
    "text/html": `<p>${escapeHtml(text)}</p>`,
    "text/plain": text,
  }));
}
