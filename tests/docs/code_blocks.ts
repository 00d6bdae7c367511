/** A fenced block of code in a page of Markdown or in a comment of TypeScript. */
export interface CodeBlock {
  /** Where it stands: a path from the root of the project, and the line of its opening fence. */
  file: string;
  line: number;
  /** All that follows the opening fence: `ts`. */
  language: string;
  code: string;
}

/**
 * The blocks of code of a file, in order.
 *
 * @param file Its path from the root; in a file of TypeScript only comments of many lines are read.
 * @throws {Error} If a block has no end.
 */
export function codeBlocksOf(file: string, text: string): CodeBlock[] {
  const blocks: CodeBlock[] = [];
  let open: CodeBlock | undefined;
  for (const [index, line] of linesOf(file, text).entries()) {
    const [, language] = line?.match(/^\s*```(.*)$/) ?? [];
    if (language === undefined) {
      if (open) open.code += `${line ?? ""}\n`;
    } else if (open) {
      blocks.push(open);
      open = undefined;
    } else {
      open = { file, line: index + 1, language, code: "" };
    }
  }
  if (open) throw new Error(`${file}:${open.line}: the block has no end`);
  return blocks;
}

/** The lines of a page, or those of a source's comments without what makes them comments. */
function linesOf(file: string, text: string): (string | undefined)[] {
  const lines = text.split("\n");
  return file.endsWith(".ts") ? lines.map((line) => line.match(/^\s*\* ?(.*)$/)?.[1]) : lines;
}

/** The path from the root at which a program of a page is meant to lie. */
export function placeOf({ file, line, code }: CodeBlock): string {
  const [, named] = code.match(/^\/\/ ((?:lib|experiments|tests|tools)\/\S+\.ts)$/m) ?? [];
  return named ?? `${file.replaceAll(/\W/g, "_")}_${line}.ts`;
}

/**
 * The programs of a page as modules of a folder of their own, by their places in it. What they import
 * is another program of the page where one is meant to lie there, and a file of the project otherwise.
 *
 * @param root The folder of the project, as a URL.
 */
export function modulesOf(programs: CodeBlock[], root: URL): Map<string, string> {
  const places = programs.map(placeOf);
  const modules = programs.map(({ code }, index): [string, string] => {
    const folder = new URL(places[index], root);
    const imports = /\b(from|import) "(\.[^"]+)"/g;
    return [
      places[index],
      code.replaceAll(imports, (whole, keyword, specifier) => {
        const target = new URL(specifier.replace("./agile-quant-lab/", "./"), folder).href;
        return places.includes(target.slice(root.href.length)) ? whole : `${keyword} "${target}"`;
      }),
    ];
  });
  return new Map(modules);
}

/** A call of a task, as pages name it. */
export interface TaskCall {
  task: string;
  arguments: string[];
}

/** The tasks that a page calls, in blocks of shell and in spans of code. */
export function taskCallsOf(text: string): TaskCall[] {
  const calls = text.matchAll(
    /\bdeno(?:@[\d.]+)? task ([\w-]+)([^`#\n>|;&]*(?:\n[^`#\n>|;&]+(?=`))?)/g,
  );
  return [...calls].map(([, task, rest]) => ({
    task,
    arguments: rest.split(/\s+/).filter((word) => word !== ""),
  }));
}
