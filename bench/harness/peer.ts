import type { ContenderFacts, Job } from "../../experiments/result/bench_record.ts";
import { InputError, readLines, refuse } from "../../lib/core/mod.ts";
import type { Figures, Turn } from "./turn.ts";

/** How a contender is started: a process of its own, which measures when it is asked to. */
export interface PeerSpec {
  name: string;
  /** The program and its arguments. */
  command: string[];
  env?: Record<string, string>;
  /** What shows whether it computes as fast as such an engine does. */
  probe?: Probe;
}

/** A job that is all products of matrices, and how many multiplications and additions it has. */
export interface Probe {
  job: Job;
  operations: number;
}

/** A contender that is ready to be given jobs. */
export interface Peer {
  name: string;
  facts: ContenderFacts;
  probe?: Probe;
  /**
   * Gets a job ready besides those that are.
   *
   * @throws {InputError} If the contender cannot do it, saying what it says.
   */
  prepare(job: Job): Promise<Turn>;
  /** Frees what the jobs so far hold. */
  clear(): Promise<void>;
  /** Ends the process. */
  stop(): Promise<void>;
}

/** What a peer writes: first its facts, then one line in answer to each request, with one of these. */
interface Answer {
  facts?: ContenderFacts;
  /** What the job that is ready is called. */
  ready?: number;
  figures?: Figures;
  error?: string;
}

/**
 * Starts a contender in a process of its own: threads, memory and environment are its own, and it
 * sleeps while others have their turn.
 *
 * The process speaks JSON, a line at a time. It begins with `{ "facts": ... }`, answers
 * `{ "prepare": job }` with `{ "ready": number }`, `{ "run": number }` with `{ "figures": ... }`,
 * `{ "clear": true }` with `{ "done": true }`, anything it cannot do with `{ "error": "why" }`, and ends
 * with its input. `serve.ts` is the other side.
 *
 * @param signal Ends the process when it aborts.
 * @throws {InputError} If it does not start, with the last line it wrote to standard error.
 */
export async function startPeer(
  { name, command, env, probe }: PeerSpec,
  signal?: AbortSignal,
): Promise<Peer> {
  const action = `start ${name}`;
  const [program, ...args] = command;
  let process: Deno.ChildProcess;
  try {
    process = new Deno.Command(program, {
      ...{ args, env, signal },
      ...{ stdin: "piped", stdout: "piped", stderr: "piped" },
    }).spawn();
  } catch (error) {
    refuse(action, `${program} must be there to run`, (error as Error).message);
  }
  const complaints = new Response(process.stderr).text();
  const lines = readLines(process.stdout);
  const writer = process.stdin.getWriter();
  const encoder = new TextEncoder();

  async function answer(): Promise<Answer> {
    const { value, done } = await lines.next();
    if (!done) return JSON.parse(value);
    refuse(action, "its process must stay alive", (await complaints).trim().split("\n").at(-1));
  }
  async function ask(request: unknown): Promise<Answer> {
    await writer.write(encoder.encode(`${JSON.stringify(request)}\n`));
    const found = await answer();
    const { error } = found;
    if (error !== undefined) throw new InputError(error);
    return found;
  }

  const { facts } = await answer();
  if (!facts) refuse(action, "its first line must be its facts");
  return {
    name,
    facts,
    probe,
    async prepare(job) {
      const { ready } = await ask({ prepare: job });
      return async () => (await ask({ run: ready })).figures!;
    },
    async clear() {
      await ask({ clear: true });
    },
    async stop() {
      await writer.close().catch(() => {}); // it may have ended by itself
      await process.status;
    },
  };
}
