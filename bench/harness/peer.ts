import { refuse } from "../../lib/core/mod.ts";
import type { ContenderFacts, Job } from "../../experiments/bench_record.ts";
import type { Figures, Turn } from "./turn.ts";

/** How a contender is started: a process of its own, which measures when it is asked to. */
export interface PeerSpec {
  name: string;
  /** The program and its arguments. */
  command: string[];
  env?: Record<string, string>;
}

/** A contender that is ready to be given jobs, one after the other. */
export interface Peer {
  name: string;
  facts: ContenderFacts;
  /**
   * Gets a job ready in place of the one before.
   *
   * @throws {InputError} If the contender cannot do it.
   */
  prepare(job: Job): Promise<Turn>;
  /** Ends the process. */
  stop(): Promise<void>;
}

/** What a peer writes: first its facts, then one line in answer to each request. */
type Answer = { facts: ContenderFacts } | { ready: true } | { figures: Figures } | {
  error: string;
};

/**
 * Starts a contender in a process of its own: threads, memory and environment are its own, and it
 * sleeps while others have their turn.
 *
 * The process speaks JSON, a line at a time. It begins with `{ "facts": ... }`, answers
 * `{ "prepare": job }` with `{ "ready": true }`, `{ "run": true }` with `{ "figures": ... }`, anything
 * it cannot do with `{ "error": "why" }`, and ends with its input. `serve.ts` is the other side.
 *
 * @throws {InputError} If it does not start, with the last line it wrote to standard error.
 */
export async function startPeer({ name, command, env }: PeerSpec): Promise<Peer> {
  const action = `start ${name}`;
  const [program, ...args] = command;
  let process: Deno.ChildProcess;
  try {
    process = new Deno.Command(program, {
      args,
      env,
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
    if ("error" in found) refuse(`run ${name}`, "it must be able to do the job", found.error);
    return found;
  }

  const first = await answer();
  if (!("facts" in first)) refuse(action, "its first line must be its facts", first);
  return {
    name,
    facts: first.facts,
    async prepare(job) {
      await ask({ prepare: job });
      return async () => (await ask({ run: true }) as { figures: Figures }).figures;
    },
    async stop() {
      await writer.close().catch(() => {}); // it may have ended by itself
      await process.status;
    },
  };
}

async function* readLines(stream: ReadableStream<Uint8Array>): AsyncGenerator<string, void> {
  let rest = "";
  for await (const text of stream.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + text).split("\n");
    rest = lines.pop()!;
    yield* lines;
  }
}
