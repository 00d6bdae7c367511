import { readLines } from "../../lib/core/mod.ts";
import { howEnded } from "../worker_process.ts";
import type { Fuzzed, Reader } from "./fuzz_reader.ts";
import type { FuzzEvent, FuzzTask } from "./fuzz_worker.ts";

/** How a process is watched. */
export interface Watch {
  /** The Deno that runs it. */
  deno: string;
  /** For how many seconds it may give no sign of life. */
  patience: number;
  /** Hears how many inputs were tried. */
  hear?: (inputs: number) => void;
  /** Ends it. */
  signal?: AbortSignal;
  /** Runs instead of the one that has all readers. */
  program?: URL;
}

const worker = new URL("./fuzz_worker.ts", import.meta.url);

/** What JavaScript's values may take, in MiB: far more than any reader of small files needs. */
const heap = 2048;

/**
 * Fuzzes a reader in a process of its own, so that an input which ends it or never comes to an end is found
 * as well: it lies in the folder then.
 *
 * @throws The signal's reason once it aborts.
 */
export async function fuzzInProcess(
  task: FuzzTask,
  { file }: Pick<Reader, "file">,
  { deno, patience, hear = () => {}, signal, program = worker }: Watch,
): Promise<Fuzzed> {
  const flags = ["-q", "--no-prompt", "-A", `--v8-flags=--max-old-space-size=${heap}`];
  const child = new Deno.Command(deno, {
    args: ["run", ...flags, program.href, JSON.stringify(task)],
    env: { NO_COLOR: "1" },
    ...{ stdin: "null", stdout: "piped", stderr: "piped" },
  }).spawn();
  const complaints = new Response(child.stderr).text();
  let inputs = 0;
  let heard = performance.now();
  let isStuck = false;
  const kill = () => {
    try {
      child.kill("SIGKILL");
    } catch {
      // It has ended by itself.
    }
  };
  const look = setInterval(() => {
    if (signal?.aborted) kill();
    if (performance.now() - heard <= 1000 * patience) return;
    isStuck = true;
    kill();
  }, 200);
  try {
    for await (const line of readLines(child.stdout)) {
      const event = JSON.parse(line) as FuzzEvent;
      heard = performance.now();
      if ("fuzzed" in event) return finished(event);
      inputs = event.inputs;
      hear(inputs);
    }
    const status = await child.status;
    signal?.throwIfAborted();
    const complaint = isStuck
      ? `came to no end in ${patience} seconds`
      : `ended the process: ${howEnded(status, await complaints)}`;
    const input = await Deno.readFile(`${task.folder}/${file}`).catch(() => new Uint8Array());
    const cost = { making: 0, writing: 0, reading: 0 };
    return { inputs: inputs + 1, accepted: 0, cost, failure: { input, complaint } };
  } finally {
    clearInterval(look);
    kill();
    await Promise.all([child.status, complaints]);
  }
}

function finished({ fuzzed, failure }: Extract<FuzzEvent, { fuzzed: unknown }>): Fuzzed {
  if (!failure) return fuzzed;
  return { ...fuzzed, failure: { ...failure, input: Uint8Array.fromBase64(failure.input) } };
}
