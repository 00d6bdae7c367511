import type { PoolFolders } from "../experiments/cells/subject_pool.ts";
import type { KeptFolder } from "../experiments/measure/subject.ts";
import { encodeJson, readLines, refuse } from "../lib/core/mod.ts";
import type { WorkerProcess } from "../lib/sweep/mod.ts";

/** How a worker process runs. */
export interface WorkerOptions {
  /** How many models it keeps loaded. */
  keep: number;
  /** Of those models; in `results/.cells`, where alone it may write. It warns of what these do not take. */
  folders?: PoolFolders;
  /** How many threads it computes with. */
  threads: number;
}

const program = new URL("./cell_worker.ts", import.meta.url).href;

/**
 * Starts a process that measures cells. It may read files, load native libraries and ask for the
 * variables that say how to compute, and write to `results/.cells`; it may not write elsewhere, start processes or
 * use the network.
 *
 * @param deno The Deno that runs it.
 */
export function startWorkerProcess(
  deno: string,
  { keep, threads, folders: { scratch, weights, scores } = {} }: WorkerOptions,
): WorkerProcess & { pid: number } {
  const plain = (kept?: KeptFolder) => kept && { folder: kept.folder, sources: kept.sources };
  const options = { keep, folders: { scratch, weights: plain(weights), scores: plain(scores) } };
  const child = new Deno.Command(deno, {
    args: ["run", "-q", "--no-prompt", "-P=worker", program, encodeJson(options)],
    env: { AGILE_QUANT_THREADS: String(threads), OMP_NUM_THREADS: String(threads) },
    ...{ stdin: "piped", stdout: "piped", stderr: "piped" },
  }).spawn();
  const writer = child.stdin.getWriter();
  const complaints = new Response(child.stderr).text();
  const encoder = new TextEncoder();
  return {
    pid: child.pid,
    write: (line) => writer.write(encoder.encode(`${line}\n`)).catch(() => {}), // it has ended
    lines: readLines(child.stdout),
    ended: child.status.then(async (status) => howEnded(status, await complaints)),
    kill() {
      writer.close().catch(() => {}); // for a process that a launcher of that name has started: it ends with its input
      try {
        child.kill("SIGKILL");
      } catch {
        // It has ended by itself.
      }
    },
  };
}

/** `killed by SIGKILL`, or its exit status; with the line in which it said why, if it did. */
export function howEnded(
  { code, signal }: Pick<Deno.CommandStatus, "code" | "signal">,
  complaints: string,
): string {
  const lines = complaints.split("\n").filter((line) => line.trim() !== "");
  const why = lines.find((line) => /^(error: |# \w)/.test(line)) ?? lines.at(-1);
  const how = signal ? `killed by ${signal}` : `exit status ${code}`;
  return why ? `${how}: ${why.trim()}` : how;
}

/**
 * The Deno that runs this process, as it may be started: by its path or, where only that name is
 * permitted, as the `deno` of PATH.
 *
 * @throws {InputError} If that is missing or of another version.
 */
export async function findDeno(): Promise<string> {
  const path = Deno.execPath();
  const { state } = await Deno.permissions.query({ name: "run", command: path });
  if (state === "granted") return path;
  const { deno: version } = Deno.version;
  const found = await versionOf("deno");
  if (found === version) return "deno";
  refuse("start processes", `deno on PATH must be Deno ${version}, as this is`, found ?? "none");
}

/** The version of a Deno, undefined where there is none. */
async function versionOf(deno: string): Promise<string | undefined> {
  try {
    const { stdout } = await new Deno.Command(deno, { args: ["--version"], stderr: "null" })
      .output();
    return new TextDecoder().decode(stdout).match(/^deno (\S+)/)?.[1];
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}
