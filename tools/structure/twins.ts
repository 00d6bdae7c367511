import { codeOf } from "./module_imports.ts";

/** The tests of a file of lib: `tests/quant/uniform_test.ts` for `lib/quant/uniform.ts`. */
export function twinOf(path: string): string {
  return path.replace(/^lib\/(.*)\.ts$/, "tests/$1_test.ts");
}

/**
 * The files of lib without tests of their own. A file needs them if it exports a function or a class:
 * types, constants and what a `mod.ts` passes on do not. The sources of the kernels are tested through
 * what calls them.
 *
 * @param files Path from the root of the project, `lib/quant/uniform.ts`, to source.
 */
export function filesWithoutTwin(files: ReadonlyMap<string, string>): string[] {
  return [...files]
    .filter(([path, source]) => isModule(path) && exportsCode(source))
    .map(([path]) => path)
    .filter((path) => !files.has(twinOf(path)));
}

function isModule(path: string): boolean {
  return path.startsWith("lib/") && !path.includes("/assembly/") && !path.endsWith(".d.ts");
}

/** An exported function, class, or constant that is an arrow function. */
const exportedCode = new RegExp(
  [
    /^export (?:default )?(?:async |abstract )*(?:function|class)\b/,
    /^export const \w+[^;{]*?=\s*(?:async )?(?:<[^>]*>)?(?:\((?:[^()]|\([^()]*\))*\)|\w+)(?::[^=;{]+)?\s*=>/,
  ].map(({ source }) => source).join("|"),
  "m",
);

function exportsCode(source: string): boolean {
  return exportedCode.test(codeOf(source));
}
