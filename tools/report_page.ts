import { claimTable, type PublishedTable } from "../experiments/claim_table.ts";
import { figures } from "../experiments/figures.ts";
import { decodeJson } from "../lib/core/mod.ts";
import { exists, readText } from "../lib/io/mod.ts";
import {
  escapeHtml,
  type Figure,
  type PageSection,
  plotPlaceholder,
  renderSvg,
  scrollable,
  toHtml,
  toPage,
  withTheme,
} from "../lib/report/mod.ts";
import type { Provenance } from "./provenance.ts";

const introduction = `<p>Tables and figures of <i>Agile-Quant: Activation-Guided Quantization for
Faster Inference of LLMs on the Edge</i> (AAAI 2024), measured again. Every number was written by the
tools of this project; the records with data, configuration and origin lie beside this page.</p>`;

/** A page of results and how much it shows. */
export interface ReportPage {
  html: string;
  tables: number;
  figures: number;
}

/**
 * One page with every table, verdict and figure whose record lies in `folder`.
 *
 * @param plotly Where the plotting script will lie, relative to the page.
 * @throws {InputError} If a record cannot be read.
 */
export async function reportPage(folder: string, plotly: string): Promise<ReportPage> {
  const tables = await readRecords<PublishedTable & Origin>(
    [1, 2, 3, 4].map((number) => `${folder}/table${number}.json`),
  );
  const drawn = await readRecords<Figure & Origin>(
    figures.map(({ name }) => `${folder}/figures/${name}.json`),
  );
  const verdicts = claimTable(tables, drawn);
  const sections = [
    { id: "verdicts", title: verdicts.title, html: scrollable(toHtml(verdicts)) },
    ...tables.map(tableSection),
    ...await Promise.all(drawn.map(figureSection)),
  ];
  const html = toPage({ title: "Agile-Quant Lab: results", introduction, sections, plotly });
  return { html, tables: tables.length, figures: drawn.length };
}

interface Origin {
  provenance: Provenance;
}

/** The records that are there, in the order asked for. */
async function readRecords<Content>(paths: string[]): Promise<Content[]> {
  const records: Content[] = [];
  for (const path of paths) {
    if (await exists(path)) records.push(decodeJson(await readText(path)) as Content);
  }
  return records;
}

function tableSection({ table, provenance }: PublishedTable & Origin): PageSection {
  const id = table.title.split(":")[0].toLowerCase().replaceAll(" ", "-");
  return { id, title: table.title, html: scrollable(toHtml(table)) + originLine(provenance) };
}

async function figureSection(figure: Figure & Origin): Promise<PageSection> {
  const { name, title, shows, verdict, agreement, spec, provenance } = figure;
  const [light, dark] = [withTheme(spec, "light"), withTheme(spec, "dark")];
  const plot = plotPlaceholder(
    { data: spec.data, light: light.layout, dark: dark.layout },
    await renderSvg(light),
    title,
  );
  return {
    id: name,
    title,
    html: `<p>${escapeHtml(shows)}</p>${scrollable(plot)}` +
      `<p>Against the paper: ${escapeHtml(verdict)}. ${escapeHtml(agreement)}</p>` +
      originLine(provenance),
  };
}

function originLine({ commit, deno, machine }: Provenance): string {
  const parts = [commit ? `commit ${commit}` : "outside git", `Deno ${deno}`, machine];
  return `<p class="quiet">Measured at ${escapeHtml(parts.join(", "))}.</p>`;
}
