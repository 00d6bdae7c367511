import { sha256 } from "../lib/core/mod.ts";
import { hashFile } from "../lib/io/mod.ts";

/** Which code and machine made a result. */
export interface Provenance {
  /** The commit, with `+changes` where the working tree differs from it; null outside git. */
  commit: string | null;
  deno: string;
  machine: string;
}

/** The state of the checkout and the kind of machine. */
export async function provenance(): Promise<Provenance> {
  const head = await git("rev-parse", "--short=12", "HEAD");
  const changes = head && await git("status", "--porcelain", "--", "lib", "experiments", "tools");
  return {
    commit: head && (changes ? `${head}+changes` : head),
    deno: Deno.version.deno,
    machine: `${navigator.hardwareConcurrency} cores, ${Deno.build.target}`,
  };
}

async function git(...args: string[]): Promise<string | null> {
  try {
    const { success, stdout } = await new Deno.Command("git", { args, stderr: "null" }).output();
    return success ? new TextDecoder().decode(stdout).trim() : null;
  } catch {
    return null; // git is not installed, or may not be run
  }
}

/**
 * One hash over the source of everything a measurement goes through, so that a stored
 * measurement is used again only while that code is unchanged.
 *
 * @param root The checkout, as a file URL that ends in a slash.
 */
export async function sourceHash(root: URL): Promise<string> {
  const files = (await Promise.all([
    listFiles(new URL("lib/", root), /\.(ts|wasm)$/),
    listFiles(new URL("experiments/", root), /(bundled|encyclopedia|evaluation|pruning_plan)\.ts$/),
  ])).flat().sort();
  const hashes = await Promise.all(files.map(async (file) => `${file} ${await hashFile(file)}`));
  return await sha256(hashes.map((line) => line.slice(root.pathname.length)).join("\n"));
}

async function listFiles(folder: URL, pattern: RegExp): Promise<string[]> {
  const files: string[] = [];
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    if (isDirectory) files.push(...await listFiles(new URL(`${name}/`, folder), pattern));
    else if (pattern.test(name)) files.push(new URL(name, folder).pathname);
  }
  return files;
}
