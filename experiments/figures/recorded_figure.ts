import { require } from "../../lib/core/mod.ts";
import { entriesOf, isObject } from "../../lib/io/mod.ts";
import type { Figure } from "../../lib/report/mod.ts";
import type { Figure1Maps, Figure1Row, Figure1Settings } from "../measure/figure1_measure.ts";
import type { OutlierRow } from "../draw/outlier_drawing.ts";
import { isProvenance, type Provenance } from "../result/provenance.ts";
import { isFigure, readRecord } from "../result/result_record.ts";
import { figures } from "./figures.ts";

/** What the records of figures hold that are drawn in other ways too. */
interface FigureContents {
  figure1: {
    data: { maps: Figure1Maps; models: Figure1Row[] };
    configuration: Figure1Settings;
  };
  outliers: { data: OutlierRow[] };
}

/** A figure as `deno task figures` wrote it. */
export interface RecordedFigure extends Figure {
  provenance: Provenance;
  /** The file of the record. */
  path: string;
}

const command = "deno task figures";

/**
 * The files of a model's figures, in the order of the figures; their names have that of the model behind that of
 * the figure.
 *
 * @param folder Such as `results/NAME`, with its figures in `figures`; none if it is not there.
 * @param names Of the figures.
 */
export async function figureFiles(
  folder: string,
  names: readonly string[] = figures.map(({ name }) => name),
): Promise<string[]> {
  const base = `${folder}/figures`;
  const files = (await entriesOf(base)).map(({ name }) => name);
  return names.flatMap((name) =>
    files.filter((file) => new RegExp(`^${name}(-.*)?\\.json$`).test(file)).sort()
      .map((file) => `${base}/${file}`)
  );
}

/**
 * A figure of a model.
 *
 * @param folder Such as `results/NAME`, with its figures in `figures`.
 * @throws {InputError} If it has no record of the figure, or several, or one that cannot be read.
 */
export async function readFigure<Name extends string>(
  folder: string,
  name: Name,
): Promise<RecordedFigure & (Name extends keyof FigureContents ? FigureContents[Name] : unknown)> {
  const files = await figureFiles(folder, [name]);
  const option = name.replace(/^figure(?=\d)/, "");
  const rule = `"${command} --figure ${option}" must have written one record to ${folder}/figures`;
  require(files.length === 1, `show ${name}`, rule, files.length);
  return await read(files[0]) as never;
}

/**
 * Every figure of a model, in the order of the figures.
 *
 * @throws {InputError} If a record cannot be read.
 */
export async function readFigures(folder: string): Promise<RecordedFigure[]> {
  return await Array.fromAsync(await figureFiles(folder), read);
}

async function read(path: string): Promise<RecordedFigure> {
  return { ...await readRecord(path, command, isRecorded), path };
}

function isRecorded(value: unknown): value is Omit<RecordedFigure, "path"> {
  return isFigure(value) && isObject(value) && isProvenance(value.provenance);
}
