import { isListOf, isText } from "../experiments/result/result_record.ts";
import { refuse, require } from "../lib/core/mod.ts";
import { isObject, readJson } from "../lib/io/mod.ts";

/** What of deno.lock says which packages a checkout has; format 5. */
export interface LockFile {
  /** `npm:fast-png@8.0.0` to the version that is installed, `8.0.0`, peers included. */
  specifiers: Record<string, string>;
  npm: Record<string, LockedPackage>;
}

interface LockedPackage {
  integrity: string;
  dependencies?: string[];
  optionalDependencies?: string[];
}

/**
 * Reads deno.lock.
 *
 * @throws {InputError} If there is none, or none that names packages.
 */
export async function readLock(path: string): Promise<LockFile> {
  const lock = await readJson(path);
  const isLock = isObject(lock) && isObject(lock.specifiers) && isObject(lock.npm) &&
    Object.values(lock.specifiers).every(isText) && Object.values(lock.npm).every(isPackage);
  require(isLock, `read ${path}`, "it must be a lock file that Deno wrote, with packages of npm");
  return lock as unknown as LockFile;
}

function isPackage(value: unknown): value is LockedPackage {
  if (!isObject(value)) return false;
  const { integrity, dependencies = [], optionalDependencies = [] } = value;
  return isText(integrity) && isListOf(dependencies, isText) &&
    isListOf(optionalDependencies, isText);
}

/**
 * The packages that specifiers load, with all they depend on, as sorted lines `name@version integrity`.
 *
 * @param specifiers As modules write them: `npm:fast-png@8.0.0`, or `commander` by the import map.
 * @param imports The import map of deno.json.
 * @throws {InputError} If the lock file lacks one of them.
 */
export function lockedPackages(
  specifiers: Iterable<string>,
  { specifiers: versions, npm }: LockFile,
  imports: Record<string, string>,
): string[] {
  const missing = (name: string) => refuse("read deno.lock", "it must have every package", name);
  const installed = (specifier: string) => {
    const [, name, range] = specifier.match(/^npm:((?:@[^/]+\/)?[^@/]+)(@[^/]+)?/) ??
      missing(specifier);
    const version = versions[`npm:${name}${range ?? ""}`] ?? missing(specifier);
    return `${name}@${version}`;
  };
  const names = Object.keys(npm);
  /** A dependency has its version where several are installed, else its name alone. */
  const dependency = (name: string) =>
    Object.hasOwn(npm, name)
      ? name
      : names.find((each) => each.startsWith(`${name}@`)) ?? missing(name);

  const found = new Set(
    [...specifiers].map((specifier) => installed(mapped(specifier, imports))),
  );
  for (const key of found) { // grows on the way
    const { dependencies = [], optionalDependencies = [] } = npm[key] ?? missing(key);
    for (const name of [...dependencies, ...optionalDependencies]) found.add(dependency(name));
  }
  return [...found].map((key) => `${key} ${npm[key].integrity}`).sort();
}

/** A specifier as the import map writes it out: of a package, or of a path in it. */
function mapped(specifier: string, imports: Record<string, string>): string {
  const name = Object.keys(imports).find((each) =>
    specifier === each || specifier.startsWith(`${each}/`)
  );
  return name === undefined ? specifier : imports[name];
}
