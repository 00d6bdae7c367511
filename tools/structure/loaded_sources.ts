import { refuse, require } from "../../lib/core/mod.ts";
import { readText } from "../../lib/io/mod.ts";
import { importsOf, type ModuleImport } from "./module_imports.ts";

/** What is loaded when a module runs. */
export interface LoadedSources {
  /** Modules, workers and data of the checkout, as sorted paths from its root. */
  files: string[];
  /** Specifiers of packages as the modules write them: `npm:fast-png@8.0.0`, `commander`. */
  packages: string[];
}

/**
 * Follows the imports of modules, and of the modules they import, by their text: nothing is run.
 * Types are left out, since they are erased before a module runs.
 *
 * @param entries Paths from the root, such as `experiments/measure/evaluation.ts`.
 * @param root The folder of the checkout.
 * @throws {InputError} If a file is missing, or a module names one in a way that its text does not
 *   tell; the message names the module.
 */
export async function loadedSources(
  entries: readonly string[],
  root = ".",
): Promise<LoadedSources> {
  const files = new Set(entries);
  const packages = new Set<string>();
  for (const path of files) { // grows on the way
    if (!path.endsWith(".ts")) continue;
    const source = await readText(`${root}/${path}`);
    for (const each of importsOf(source).filter(({ kind }) => kind !== "types")) {
      const specifier = literalOf(each, path);
      if (each.kind === "file" || /^\.\.?\//.test(specifier)) files.add(resolved(specifier, path));
      else if (!specifier.startsWith("node:")) packages.add(specifier);
    }
  }
  return { files: [...files].sort(), packages: [...packages].sort() };
}

function literalOf({ kind, specifier }: ModuleImport, path: string): string {
  const rule = kind === "code"
    ? "import() must name what it loads by a literal"
    : 'what lies beside it must be named by new URL("./name", import.meta.url)';
  return specifier ?? refuse(`follow the imports of ${path}`, rule);
}

/** The path from the root that a module means by a relative specifier. */
function resolved(specifier: string, path: string): string {
  const depth = path.split("/").length - 1;
  const ascents = specifier.match(/^(?:\.\.?\/)*/)![0].split("/").filter((part) => part === "..");
  const action = `follow the imports of ${path}`;
  require(ascents.length <= depth, action, "they must lie in the checkout", specifier);
  return decodeURIComponent(new URL(specifier, `file:///${path}`).pathname.slice(1));
}
