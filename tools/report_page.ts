import { modelSummary } from "../experiments/figures/model_summary.ts";
import { figureFiles } from "../experiments/figures/recorded_figure.ts";
import { figures } from "../experiments/figures/figures.ts";
import { isProvenance, type Provenance } from "../experiments/result/provenance.ts";
import { isFigure, readRecord } from "../experiments/result/result_record.ts";
import { figureName, listClaims, tableName } from "../experiments/tables/claim_table.ts";
import { isPublishedTable, type PublishedTable } from "../experiments/tables/published_table.ts";
import { InputError, refuse, verdictLegend } from "../lib/core/mod.ts";
import { familyTables } from "../experiments/tables/family_tables.ts";
import { namedTables } from "../experiments/tables/named_tables.ts";
import type { DrawnFigure } from "../lib/display/mod.ts";
import { exists, isObject } from "../lib/io/mod.ts";
import {
  escapeHtml,
  type Figure,
  type PageSection,
  type PlotlySpec,
  plotPlaceholder,
  renderSvg,
  toHtml,
  toPage,
  withTheme,
} from "../lib/report/mod.ts";
import { sectionId, verdictLabel, verdictList } from "./verdict_list.ts";

const aboutBundled =
  `<p>Tables and figures of <i>Agile-Quant: Activation-Guided Quantization for Faster Inference of LLMs
on the Edge</i> (AAAI 2024), measured again. The models are small ones of the paper's families, trained
in this project on a text of its own; the paper's own models were not run. Every number was written by
the tools of this project; the records with data, configuration and origin lie beside this page.</p>`;

const aboutModel =
  `<p>Tables and figures of the paper, measured on a model that was not trained in this project, and on texts
that are named below each. Every number was written by the tools of this project; the records with data,
configuration and origin lie beside this page. <a href="../index.html">The bundled models</a> have a page
of their own.</p>`;

/** The perplexity tables and the one about speed, by their numbers, and those with a name. */
const tableKeys = [
  ...[...familyTables.map(({ number }) => number), 4].sort((one, other) => one - other)
    .map((number) => `table${number}`),
  ...namedTables.map(({ key }) => key),
];

/** What the verdicts mean, below every place where one stands. */
const legend = `<p class="quiet">${escapeHtml(verdictLegend)}</p>`;

/** The picture that a model's page opens with, as a file beside it. */
export const summaryPicture = "summary.svg";

/** A page of results and how much it shows. */
export interface ReportPage {
  html: string;
  tables: number;
  figures: number;
  /** What it opens with, where it is about one model that has it. */
  summary: DrawnFigure | null;
  /** The pictures of its tables, by the names of their files. */
  pictures: Record<string, PlotlySpec>;
}

/** What {@linkcode reportPage} may be told. */
export interface PageOptions {
  /** The model that the folder is about, where that is not the bundled ones. */
  model?: string;
  /** Other models with a page: the names of their folders in this one. */
  others?: readonly string[];
  /** Stops between two figures by throwing its reason. */
  signal?: AbortSignal;
}

/**
 * One page with every table, verdict and figure whose record lies in `folder`.
 *
 * @param plotly Where the plotting script will lie, relative to the page.
 * @throws {InputError} If a record cannot be read.
 */
export async function reportPage(
  folder: string,
  plotly: string,
  { model, others = [], signal }: PageOptions = {},
): Promise<ReportPage> {
  const tables = await readRecords(
    tableKeys.map((key) => `${folder}/${key}.json`),
    "deno task reproduce",
    isPublishedTable,
  );
  const furtherTables: [key: string, task: string][] = [
    ["ablations", "ablations"],
    ["training", "training"],
    ["allocation", "allocate"],
  ];
  for (const [key, task] of furtherTables) {
    const path = `${folder}/${key}.json`;
    tables.push(...await readRecords([path], `deno task ${task}`, isPublishedTable));
  }
  const drawn = await readRecords(
    await figureRecords(folder, model !== undefined),
    "deno task figures",
    isFigure,
  );
  const summary = model === undefined ? null : await modelSummary(folder);
  const openings = summary
    ? [{ id: "summary", title: summary.title, html: await drawingHtml(summary) }]
    : (await Promise.all(others.map((name) => otherSection(folder, name)))).flat();
  const shown: PageSection[] = [];
  for (const table of tables) {
    signal?.throwIfAborted();
    shown.push(await tableSection(table).catch(blameOn(table)));
  }
  const drawings: PageSection[] = [];
  for (const figure of drawn) {
    signal?.throwIfAborted();
    drawings.push(await figureSection(figure).catch(blameOn(figure)));
  }
  const sections = [
    ...openings,
    {
      id: "verdicts",
      title: "Claims and verdicts",
      html: legend + verdictList(listClaims(tables, drawn)),
    },
    ...shown,
    ...drawings,
  ];
  const links = others.map((name) =>
    `<a href="${escapeHtml(encodeURIComponent(name))}/index.html">${escapeHtml(name)}</a>`
  );
  const html = toPage({
    title: `Agile-Quant Lab: ${model ?? "results"}`,
    introduction: (model === undefined ? aboutBundled : aboutModel) +
      (links.length > 0 ? `\n<p>Further models: ${links.join(", ")}.</p>` : ""),
    ...{ sections, plotly },
  });
  const pictures = Object.fromEntries(
    tables.flatMap(({ path, drawing }) => drawing ? [[stemOf(path), drawing.spec]] : []),
  );
  return { html, tables: tables.length, figures: drawn.length, summary, pictures };
}

/** The files of figures, in their order; those of the bundled models have no names behind theirs. */
async function figureRecords(folder: string, isModel: boolean): Promise<string[]> {
  return isModel
    ? await figureFiles(folder)
    : figures.map(({ name }) => `${folder}/figures/${name}.json`);
}

/** What the page of another model opens with, with the picture that lies beside it. */
async function otherSection(folder: string, name: string): Promise<PageSection[]> {
  const summary = await modelSummary(`${folder}/${name}`);
  if (!summary) return [];
  const place = escapeHtml(encodeURIComponent(name));
  const picture = `<a href="${place}/index.html"><img alt="${escapeHtml(summary.title)}" ` +
    `src="${place}/${summaryPicture}" style="max-width: 100%; background: #fff"></a>`;
  return [{ id: `model-${name}`, title: `On ${name}`, html: told(summary, picture) }];
}

interface Origin {
  provenance: Provenance;
  /** The file of the record. */
  path: string;
}

/** Refuses a record that looks whole and yet cannot be drawn. */
function blameOn({ path }: Origin): (error: unknown) => never {
  return (error) => {
    if (!(error instanceof InputError)) throw error;
    return refuse(`read ${path}`, "it must hold a figure that can be drawn", error.message);
  };
}

/** The records that are there, in the order asked for. */
async function readRecords<Content>(
  paths: string[],
  command: string,
  isWhole: (value: unknown) => value is Content,
): Promise<(Content & Origin)[]> {
  const hasOrigin = (value: unknown): value is Content & Origin =>
    isWhole(value) && isObject(value) && isProvenance(value.provenance);
  const records: (Content & Origin)[] = [];
  for (const path of paths) {
    if (!await exists(path)) continue;
    records.push({ ...await readRecord(path, command, hasOrigin), path });
  }
  return records;
}

async function tableSection(
  { table, drawing, provenance, path }: PublishedTable & Origin,
): Promise<PageSection> {
  const picture = drawing ? await drawingHtml({ ...drawing, title: table.title }) : "";
  const html = picture + toHtml(table) + originLine(provenance, drawing && stemOf(path));
  return { id: sectionId(tableName(table)), title: table.title, html };
}

/** The name of a record's file without its extension. */
function stemOf(path: string): string {
  return path.split("/").at(-1)!.replace(/\.json$/, "");
}

async function figureSection(figure: Figure & Origin): Promise<PageSection> {
  const { name, title, provenance, path } = figure;
  return {
    id: sectionId(figureName(name)),
    title: `${figureName(name)}: ${title}`,
    html: await drawingHtml(figure) +
      originLine(provenance, `figures/${stemOf(path)}`),
  };
}

/** A figure, interactive where the plotting script is, with what is said of it. */
async function drawingHtml(figure: DrawnFigure): Promise<string> {
  const { title, spec } = figure;
  const [light, dark] = [withTheme(spec, "light"), withTheme(spec, "dark")];
  const plot = plotPlaceholder(
    { data: spec.data, light: light.layout, dark: dark.layout },
    await renderSvg(light),
    title,
  );
  return told(figure, plot);
}

/** What is said of a figure, around its picture. */
function told({ shows, verdict, agreement, details }: DrawnFigure, picture: string): string {
  const items = details.map((line) => `<li>${escapeHtml(line)}</li>`).join("");
  return `<p>${verdict ? verdictLabel(verdict) : ""} ${escapeHtml(agreement)}</p>` +
    `<p>${escapeHtml(shows)}</p>${picture}<ul>${items}</ul>${verdict ? legend : ""}`;
}

/** Where a result comes from, and where its picture and record lie if it has them. */
function originLine({ commit, date, deno, machine }: Provenance, files?: string): string {
  const parts = [commit ? `commit ${commit}` : "outside git", `Deno ${deno}`, machine, date];
  const links = files
    ? ` <a href="${escapeHtml(encodeURI(files))}.svg">Picture</a>, <a href="${
      escapeHtml(encodeURI(files))
    }.json">data and settings</a>.`
    : "";
  return `<p class="quiet">Measured at ${
    escapeHtml(parts.filter(Boolean).join(", "))
  }.${links}</p>`;
}
