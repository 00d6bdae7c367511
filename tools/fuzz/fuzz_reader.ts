import { basename } from "node:path";
import fc from "fast-check";
import { InputError, type Progress, silent } from "../../lib/core/mod.ts";

/** Something that reads what a user gives. */
export interface Reader {
  /** The file that holds the input. */
  file: string;
  /** Writes the files that stand beside it, and says what inputs are nearly valid. */
  prepare(folder: string): Promise<fc.Arbitrary<Uint8Array>> | fc.Arbitrary<Uint8Array>;
  /** Reads the file and uses what it holds, as a command would. */
  read(folder: string): Promise<unknown>;
  /** Counts for so many runs, where one takes long. */
  cost?: number;
}

/** An input that a reader neither reads nor refuses as it should. */
export interface Failure {
  input: Uint8Array;
  complaint: string;
}

/** What a small input may cost at most. */
const limits = { seconds: 20, bytes: 2 ** 30 };

/**
 * Gives a reader inputs, the same for the same seed, until it handles one badly: then the input is
 * made as small as it can be.
 *
 * @param options.folder An empty folder to work in. While a run lasts, its input lies there.
 */
export async function fuzzReader(
  name: string,
  reader: Reader,
  options: {
    folder: string;
    seed: number;
    runs: number;
    progress?: Progress;
    signal?: AbortSignal;
  },
): Promise<Failure | undefined> {
  const { folder, seed, runs, progress = silent, signal } = options;
  const inputs = await reader.prepare(folder);
  const numRuns = Math.ceil(runs / (reader.cost ?? 1));
  let done = 0;
  progress.start(`fuzz ${name}`, numRuns);
  const property = fc.asyncProperty(inputs, async (input) => {
    if (signal?.aborted) return;
    await Deno.writeFile(`${folder}/${reader.file}`, input);
    const complaint = await complaintAbout(reader, folder);
    progress.update(Math.min(++done, numRuns));
    if (complaint) throw new Error(complaint);
  });
  const { failed, counterexample, errorInstance } = await fc.check(property, { seed, numRuns });
  progress.finish();
  signal?.throwIfAborted();
  if (!failed) return undefined;
  return { input: counterexample![0], complaint: (errorInstance as Error).message };
}

/** What is wrong with the way a reader treats the file in the folder; undefined if nothing is. */
export async function complaintAbout(reader: Reader, folder: string): Promise<string | undefined> {
  const started = performance.now();
  const { rss: before } = Deno.memoryUsage();
  try {
    await reader.read(folder);
  } catch (error) {
    if (!(error instanceof InputError)) return `threw ${(error as Error).stack ?? error}`;
    const names = [basename(folder), "the command line"]; // a model is called by its folder's name
    if (!names.some((name) => error.message.includes(name))) {
      return `names no file: ${error.message}`;
    }
  }
  const seconds = (performance.now() - started) / 1000;
  if (seconds > limits.seconds) return `took ${seconds.toFixed()} seconds`;
  const bytes = Deno.memoryUsage().rss - before;
  if (bytes > limits.bytes) return `took ${(bytes / 2 ** 30).toFixed(1)} GiB of memory`;
}
