/** A place where a module names another file or a package. */
export interface ModuleImport {
  /**
   * `code` is loaded when the module runs, `types` are erased before, and `file` is a worker or data
   * beside the module: `new URL("./worker.ts", import.meta.url)`.
   */
  kind: "code" | "types" | "file";
  /** As it stands in the source; null where it is computed, so that only a run could tell. */
  specifier: string | null;
}

/**
 * What a module imports, exports again, takes types from or finds beside itself, by its text alone.
 *
 * Types are what TypeScript certainly erases: `import type`, `export type`, clauses of nothing but
 * `type` names, and `@deno-types`. A type imported in place, `import("./a.ts").A`, counts as code.
 */
export function importsOf(source: string): ModuleImport[] {
  const code = stripped(source, (token) => /^["'][^\s"'`]+["']$/.test(token));
  const clauses = /\b(?:import|export)\b([^"'`;]*?)\bfrom\s*["']([^"']+)/g;
  const bare = /\bimport\s*(?:\(\s*)?["']([^"']+)|\bimport\s*\(/g;
  const beside =
    /\bnew\s+URL\(\s*["']([^"']+)["']\s*,\s*import\.meta\.url\b|\bimport\.meta\.(?!main\b)/g;
  const types = /^\s*\/\/ @deno-types="([^"]+)"/gm;
  const kindOf = (clause: string) => isErased(clause.trim()) ? "types" : "code";
  return [
    ...[...code.matchAll(clauses)].map(([, clause, specifier]): ModuleImport => (
      { kind: kindOf(clause), specifier }
    )),
    ...listed(code, bare, "code"),
    ...listed(code, beside, "file"),
    ...listed(source, types, "types"),
  ];
}

function listed(text: string, pattern: RegExp, kind: ModuleImport["kind"]): ModuleImport[] {
  return [...text.matchAll(pattern)].map(([, specifier = null]) => ({ kind, specifier }));
}

/** Whether nothing is left of an import or export at run time: what stands between it and `from`. */
function isErased(clause: string): boolean {
  return /^type\s*[\w{*]/.test(clause) ||
    /^\{(?:\s*type\s+\w+(?:\s+as\s+\w+)?\s*(?:,|(?=\})))+\s*\}$/.test(clause);
}

/** The source without comments, strings and regular expressions. */
export function codeOf(source: string): string {
  return stripped(source, () => false);
}

/** Blanks out comments, strings, templates and regular expressions other than those to keep. */
function stripped(source: string, keep: (token: string) => boolean): string {
  const token = new RegExp(
    [
      /\/\/.*/, // line comment
      /\/\*[^]*?\*\//, // block comment
      /"(?:\\.|[^"\\\n])*"/,
      /'(?:\\.|[^'\\\n])*'/,
      /`(?:\\[^]|[^`\\])*`/,
      /(?<=[(,=:[!&|?{};]\s*)\/(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\[\n])+\//, // regular expression
    ].map(({ source }) => source).join("|"),
    "g",
  );
  return source.replaceAll(token, (text) => keep(text) ? text : " ");
}
