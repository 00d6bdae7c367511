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

/** A program of a page, ready to be written to a folder for all programs. */
export interface Module {
  /** Its path in the folder. */
  path: string;
  /** Its code, with the imports of the place at which it is meant to lie. */
  code: string;
  /** The file of the project that it is, or stands for while programs run, as a URL. */
  standsFor?: string;
}

/**
 * A program as a module of another folder. One that begins with the path of a source of the project,
 * `// lib/quant/half.ts`, is meant to lie there, and a diff where its file does; any other in the
 * project's root, or beside it.
 *
 * @param root The folder of the project, as a URL.
 * @param read The source that the project has at a path.
 * @throws {Error} If a diff does not fit.
 */
export function moduleOf(
  block: CodeBlock,
  root: URL,
  read: (path: string) => string,
): Module {
  const { file, line, language, code } = block;
  const [, changed] = code.match(/^\+\+\+ (\S+)$/m) ?? [];
  const [, named] = code.match(/^\/\/ ((?:lib|experiments|tests|tools)\/\S+\.ts)\n/) ?? [];
  const path = language === "diff" ? changed : named;
  const source = language === "diff" ? changedBy(block, read(changed)) : code;
  const place = new URL(path ?? "program.ts", root);
  const imports = /\b(from|import) "(\.\.?\/[^"]+)"/g;
  return {
    path: path ?? `${file.replaceAll(/\W/g, "_")}_${line}.ts`,
    code: source.replaceAll(imports, (_, keyword, specifier: string) => {
      const inProject = specifier.replace("./agile-quant-lab/", "./");
      return `${keyword} "${new URL(inProject, place)}"`;
    }),
    ...path && { standsFor: place.href },
  };
}

/** The source after the changes of a diff, whose hunks begin with `@@` and name no lines. */
function changedBy({ file, line, code }: CodeBlock, source: string): string {
  const [, ...hunks] = code.split(/^@@.*\n/m);
  return hunks.reduce((text, hunk) => {
    const side = (other: string) =>
      hunk.split("\n").filter((each) => !each.startsWith(other)).map((each) => each.slice(1))
        .join("\n");
    const [before, after] = [side("+"), side("-")];
    const parts = text.split(before);
    if (parts.length !== 2) {
      throw new Error(`${file}:${line}: found ${parts.length - 1} times:\n${before}`);
    }
    return parts.join(after);
  }, source);
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
