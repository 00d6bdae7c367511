import type { BenchRecord } from "../experiments/result/bench_record.ts";
import type { Provenance } from "../experiments/result/provenance.ts";
import { isText } from "../experiments/result/result_record.ts";
import { canonicalJson, counted, decodeJson, encodeJson } from "../lib/core/mod.ts";
import { isObject, persist } from "../lib/io/mod.ts";

/**
 * The state of a checkout, the kind of machine and today's date.
 *
 * @param root The folder of the checkout.
 */
export async function provenance(root = "."): Promise<Provenance> {
  const head = await git(root, "rev-parse", "--short=12", "HEAD");
  const sources = ["lib", "experiments", "tools", "bench", "deno.json", "deno.lock"];
  const changes = head && await git(root, "status", "--porcelain", "--", ...sources);
  return {
    commit: head && (changes ? `${head}+changes` : head),
    date: dayOf(new Date().toISOString()),
    deno: Deno.version.deno,
    machine: `${counted(navigator.hardwareConcurrency, "core")}, ${Deno.build.target}`,
  };
}

/** Where and when a suite of `deno task bench` measured. */
export function benchProvenance(
  { machine: { processor, cores }, versions, commit, started }: BenchRecord,
): Provenance {
  const machine = `${counted(cores, "core")}, ${processor}`;
  return { commit, date: dayOf(started), deno: versions.Deno, machine };
}

/**
 * A result as its file shall have it. Where the file already holds the same measurement, it keeps
 * saying where that was first made, however it is shown and judged: measuring again what has not
 * changed leaves the file as it is.
 *
 * @param path Of the file, which need not be there.
 * @param measured The part of a result that was measured.
 */
export async function withFirstOrigin<Result extends { provenance: Provenance }>(
  result: Result,
  path: string,
  measured: (result: Result) => unknown,
): Promise<Result> {
  try {
    const before = decodeJson(await persist(() => Deno.readTextFile(path))) as Result;
    const now = decodeJson(encodeJson(result)) as Result;
    const { provenance } = before;
    const hasOrigin = isObject(provenance) && isText(provenance.date);
    const isSame = canonicalJson(measured(before)) === canonicalJson(measured(now));
    return hasOrigin && isSame ? { ...result, provenance } : result;
  } catch {
    return result; // no file, or none of a result
  }
}

/** The day of a time in ISO 8601. */
function dayOf(time: string): string {
  return time.slice(0, 10);
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
