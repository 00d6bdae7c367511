import { canonicalJson, decodeJson, encodeJson, sha256 } from "../lib/core/mod.ts";
import { hashFile } from "../lib/io/mod.ts";

/** Which code and machine made a result. */
export interface Provenance {
  /** The commit, with `+changes` where the working tree differs from it; null outside git. */
  commit: string | null;
  deno: string;
  machine: string;
}

/**
 * The state of a checkout and the kind of machine.
 *
 * @param root The folder of the checkout.
 */
export async function provenance(root = "."): Promise<Provenance> {
  const head = await git(root, "rev-parse", "--short=12", "HEAD");
  const sources = ["lib", "experiments", "tools", "bench", "deno.json", "deno.lock"];
  const changes = head && await git(root, "status", "--porcelain", "--", ...sources);
  return {
    commit: head && (changes ? `${head}+changes` : head),
    deno: Deno.version.deno,
    machine: `${navigator.hardwareConcurrency} cores, ${Deno.build.target}`,
  };
}

/**
 * A result as its file shall have it. Where the file already says the same, it keeps saying where
 * that was first measured: measuring again what has not changed leaves the file as it is.
 *
 * @param path Of the file, which need not be there.
 */
export async function withFirstOrigin<Result extends { provenance: Provenance }>(
  result: Result,
  path: string,
): Promise<Result> {
  try {
    const { provenance, ...before } = decodeJson(await Deno.readTextFile(path)) as Result;
    const { provenance: _origin, ...now } = decodeJson(encodeJson(result)) as Result;
    return canonicalJson(before) === canonicalJson(now) ? { ...result, provenance } : result;
  } catch {
    return result; // no file, or none of a result
  }
}

async function git(cwd: string, ...args: string[]): Promise<string | null> {
  try {
    const command = new Deno.Command("git", { args, cwd, stderr: "null" });
    const { success, stdout } = await command.output();
    return success ? new TextDecoder().decode(stdout).trim() : null;
  } catch {
    return null; // git is not installed, or may not be run
  }
}

/** The source a measurement goes through. */
const sources = {
  "lib": /^lib\/(?!report\/).*\.(ts|wasm)$/,
  "experiments": /^experiments\/(measure\/|figures\/|tables\/measure_model).*\.ts$/,
};

/**
 * One hash over the source of everything a measurement goes through and the versions of the
 * packages, so that a stored measurement is used again only while that code is unchanged.
 *
 * @param root The folder of the checkout.
 * @throws {InputError} If a file of it cannot be read.
 */
export async function sourceHash(root = "."): Promise<string> {
  const files = ["deno.lock"];
  for (const [folder, pattern] of Object.entries(sources)) {
    files.push(...await listFiles(root, folder, pattern));
  }
  const lines = files.sort().map(async (file) => `${file} ${await hashFile(`${root}/${file}`)}`);
  return await sha256((await Promise.all(lines)).join("\n"));
}

/** The files below a folder whose paths from the root match. */
async function listFiles(root: string, folder: string, pattern: RegExp): Promise<string[]> {
  const files: string[] = [];
  for await (const { name, isDirectory } of Deno.readDir(`${root}/${folder}`)) {
    const path = `${folder}/${name}`;
    if (isDirectory) files.push(...await listFiles(root, path, pattern));
    else if (pattern.test(path)) files.push(path);
  }
  return files;
}
