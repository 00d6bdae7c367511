import { isListOf, isText } from "../experiments/result/result_record.ts";
import { require } from "../lib/core/mod.ts";
import { isObject, readJson } from "../lib/io/mod.ts";
import { codeOf } from "./structure/module_imports.ts";

/** A Jupyter notebook, format 4.5, as far as it is used here. */
export interface Notebook {
  cells: Cell[];
  metadata: Record<string, unknown>;
  nbformat: number;
  nbformat_minor: number;
}

/** One cell; text is one string or a list of lines with their ends. */
export interface Cell {
  cell_type: "code" | "markdown" | "raw";
  id: string;
  metadata: Record<string, unknown>;
  source: string | string[];
  execution_count?: number | null;
  outputs?: Output[];
}

/** What a code cell printed or gave. */
export interface Output {
  output_type: "stream" | "display_data" | "execute_result" | "error";
  /** Content by MIME type. */
  data?: Record<string, unknown>;
  ename?: string;
  evalue?: string;
}

/** What every notebook of this project says about itself, and nothing else. */
export const notebookMetadata = {
  kernelspec: { display_name: "Deno", language: "typescript", name: "deno" },
  language_info: { file_extension: ".ts", mimetype: "text/x.typescript", name: "typescript" },
};

/**
 * Reads a notebook.
 *
 * @throws {InputError} If the file cannot be read or is no notebook of format 4 with a cell.
 */
export async function readNotebook(path: string): Promise<Notebook> {
  const notebook = await readJson(path);
  const rule = "it must be a notebook of format 4 with a cell or more";
  require(isNotebook(notebook), `read ${path}`, rule);
  return notebook;
}

function isNotebook(value: unknown): value is Notebook {
  return isObject(value) && value.nbformat === 4 && isObject(value.metadata) &&
    isListOf(value.cells, isCell) && value.cells.length > 0;
}

function isCell(value: unknown): boolean {
  if (!isObject(value)) return false;
  const { cell_type: type, id, metadata, source, outputs = [] } = value;
  return ["code", "markdown", "raw"].includes(type as string) && isText(id) &&
    isObject(metadata) && (isText(source) || isListOf(source, isText)) &&
    isListOf(outputs, isObject);
}

/** The text of a cell. */
export function sourceOf({ source }: Cell): string {
  return typeof source === "string" ? source : source.join("");
}

/** The notebook without outputs, execution counts and whatever a viewer or run added. */
export function stripNotebook({ cells }: Notebook): Notebook {
  return {
    cells: cells.map((cell) => ({
      cell_type: cell.cell_type,
      ...cell.cell_type === "code" && { execution_count: null },
      id: cell.id,
      metadata: {},
      ...cell.cell_type === "code" && { outputs: [] },
      source: sourceOf(cell).match(/.*\n|.+$/g) ?? [],
    })),
    metadata: notebookMetadata,
    nbformat: 4,
    nbformat_minor: 5,
  };
}

/** A notebook as its file has it. */
export function formatNotebook(notebook: Notebook): string {
  return JSON.stringify(notebook, null, 1) + "\n";
}

/** The code cells joined to one TypeScript module. */
export function notebookModule({ cells }: Notebook): string {
  const code = cells.filter((cell) => cell.cell_type === "code").map(sourceOf);
  return code.join("\n\n") + "\n";
}

/**
 * The last statement of a code cell, which is the cell's result unless it declares or imports
 * something or prints.
 */
export function resultStatement(cell: Cell): string | undefined {
  if (cell.cell_type !== "code") return undefined;
  const last = statementsOf(sourceOf(cell)).at(-1)!;
  return /^(const|import|console\.log)\b/.test(last) ? undefined : last;
}

/** The statements of a cell: they start in the first column. */
function statementsOf(code: string): string[] {
  return code.split(/\n(?=[^\s)\]}/])/);
}

/** The cells that end in {@linkcode displayFigure}, each of which must give a figure. */
export function figureCells({ cells }: Notebook): Cell[] {
  return cells.filter((cell) => /^(await )?displayFigure\(/.test(resultStatement(cell) ?? ""));
}

/** The words by which a notebook defines something itself, which is the library's part. */
export function definitionsIn(notebook: Notebook): string[] {
  const definition =
    /^\s*(?:export\s+)?(type|interface|enum)\s+\w+\s*[=<{]|\b(function|class|let|var)\b|(=>)/gm;
  const found = codeOf(notebookModule(notebook)).matchAll(definition);
  return [...found].map(([, kind, word, arrow]) => kind ?? word ?? arrow);
}

/**
 * The results that a cell takes from an earlier one, other than the notebook's subject: names that
 * an `await` or a call with the subject made. Should the earlier cell fail once the first cell names
 * another model, the later one would show what is left of the model before.
 */
export function carriedResults({ cells }: Notebook): string[] {
  const ofSubject = new Set<string>();
  const results = new Set<string>();
  const carried: string[] = [];
  for (const cell of cells.filter(({ cell_type }) => cell_type === "code")) {
    const uses = [...results].filter((name) => mentions(codeOf(sourceOf(cell)), name));
    carried.push(...uses.map((name) => `${name} in ${cell.id}`));
    for (const statement of statementsOf(codeOf(sourceOf(cell)))) {
      const [, pattern, value] = statement.match(/^const ([^=]+)=([^]*)/) ?? [];
      if (!pattern) continue;
      const opens = value.includes("openSubject(");
      const depends = [...ofSubject].some((name) => mentions(value, name));
      const made = !opens && (value.includes("await ") || depends && value.includes("("));
      const names = namesIn(pattern);
      if (made) names.forEach((name) => results.add(name));
      else if (opens || depends) names.forEach((name) => ofSubject.add(name));
    }
  }
  return carried;
}

function mentions(code: string, name: string): boolean {
  return new RegExp(`(?<![.\\w])${name}\\b(?!:)`).test(code);
}

/** The names that a declaration's pattern declares: not its properties, nor its type. */
function namesIn(pattern: string): string[] {
  if (/^\w/.test(pattern)) return [pattern.match(/^\w+/)![0]];
  return pattern.match(/\w+(?!\w|:)/g) ?? [];
}

/** What went wrong in an executed notebook, one line each: errors, missing results and figures. */
export function complaintsAbout(notebook: Notebook): string[] {
  const figures = new Set(figureCells(notebook));
  return notebook.cells.flatMap((cell, index) => {
    const complain = (problem: string) => [`cell ${index + 1} (${cell.id}): ${problem}`];
    const error = cell.outputs?.find(({ output_type }) => output_type === "error");
    if (error) return complain(`${error.ename}: ${error.evalue}`);
    if (resultStatement(cell) === undefined) return [];
    const result = cell.outputs?.find(({ output_type }) => output_type === "execute_result");
    if (!result) return complain("no result");
    const missing = figures.has(cell) ? figureTypes.filter((type) => !result.data?.[type]) : [];
    return missing.length > 0 ? complain(`no figure as ${missing.join(", ")}`) : [];
  });
}

/** A figure is shown as each of these. */
const figureTypes = ["application/vnd.plotly.v1+json", "text/html", "image/svg+xml"];
