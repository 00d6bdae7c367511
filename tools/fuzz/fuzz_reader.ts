import { basename } from "node:path";
import process from "node:process";
import fc from "fast-check";
import { InputError } from "../../lib/core/mod.ts";

/** Something that reads what a user gives. */
export interface Reader {
  /** The file that holds the input. */
  file: string;
  /** Writes the files that stand beside it, and says what inputs are nearly valid. */
  prepare(folder: string): Promise<fc.Arbitrary<Uint8Array>> | fc.Arbitrary<Uint8Array>;
  /**
   * Reads the file and uses what it holds, as a command would; what it gives must be sound.
   *
   * @param input What the file holds.
   */
  read(folder: string, input: Uint8Array): unknown;
  /** What messages call the input, where they do not name the file or its folder. */
  called?: readonly string[];
  /** Counts for so many inputs, where one takes long. */
  cost?: number;
}

/** An input that a reader neither reads nor refuses as it should. */
export interface Failure {
  input: Uint8Array;
  complaint: string;
}

/** Where the processor's time went, in seconds. */
export interface Cost {
  /** Of inputs. */
  making: number;
  /** Of files. */
  writing: number;
  reading: number;
}

/** What became of some inputs. */
export interface Fuzzed {
  /** How many were tried. */
  inputs: number;
  /** How many of these were read; the others were refused. */
  accepted: number;
  cost: Cost;
  failure?: Failure;
}

/** What a small input may cost at most, of the processor's time and of memory. */
const usualLimits = { seconds: 20, bytes: 2 ** 30 };

/**
 * Gives a reader inputs, the same for the same seed, until it handles one badly: then the input is
 * made as small as it can be.
 *
 * @param options.folder An empty folder to work in. While a run lasts, its input lies there.
 * @param options.hear Hears after each input how many were tried.
 */
export async function fuzzReader(
  reader: Reader,
  options: { folder: string; seed: number; runs: number; hear?: (inputs: number) => void },
): Promise<Fuzzed> {
  const { folder, seed, runs, hear = () => {} } = options;
  const inputs = await reader.prepare(folder);
  const cost: Cost = { making: 0, writing: 0, reading: 0 };
  let [tried, accepted] = [0, 0];
  let before = usedSeconds();
  const spend = (on: keyof Cost) => {
    const now = usedSeconds();
    cost[on] += now - before;
    before = now;
  };
  const property = fc.asyncProperty(inputs, async (input) => {
    spend("making");
    Deno.writeFileSync(`${folder}/${reader.file}`, input);
    spend("writing");
    const { isRead, complaint } = await outcomeOf(reader, folder, input);
    spend("reading");
    hear(++tried);
    if (isRead) accepted++;
    if (complaint) throw new Error(complaint);
  });
  const numRuns = Math.ceil(runs / (reader.cost ?? 1));
  const { failed, counterexample, errorInstance } = await fc.check(property, { seed, numRuns });
  if (!failed) return { inputs: tried, accepted, cost };
  const { message: complaint } = errorInstance as Error;
  return { inputs: tried, accepted, cost, failure: { input: counterexample![0], complaint } };
}

/** What a reader makes of the file in the folder. */
export async function outcomeOf(
  reader: Reader,
  folder: string,
  input: Uint8Array,
  limits = usualLimits,
): Promise<{ isRead: boolean; complaint?: string }> {
  const started = usedSeconds();
  const before = mostBytes();
  let isRead = true;
  try {
    await reader.read(folder, input);
  } catch (error) {
    isRead = false;
    const complaint = complaintAbout(error, [basename(folder), ...reader.called ?? []]);
    if (complaint) return { isRead, complaint };
  }
  const seconds = usedSeconds() - started;
  if (seconds > limits.seconds) return { isRead, complaint: `took ${seconds.toFixed()} seconds` };
  const bytes = mostBytes() - before;
  if (bytes <= limits.bytes) return { isRead };
  return { isRead, complaint: `took ${(bytes / 2 ** 30).toFixed(1)} GiB of memory` };
}

/** What is wrong with an error that a reader threw: a refusal must have one of these names. */
function complaintAbout(error: unknown, names: readonly string[]): string | undefined {
  if (!(error instanceof InputError)) return `threw ${(error as Error).stack ?? error}`;
  const isNamed = names.some((name) => error.message.includes(name)); // a model is called by its folder
  return isNamed ? undefined : `names no file: ${error.message}`;
}

/** What the machine has given this process so far. */
function usedSeconds(): number {
  const { user, system } = process.cpuUsage(); // microseconds
  return (user + system) / 1e6;
}

/** The most memory that this process has had so far. */
function mostBytes(): number {
  return process.resourceUsage().maxRSS * 1024;
}
