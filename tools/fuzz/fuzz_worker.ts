/** Fuzzes one reader and says on standard output how far it is, and at last what became of it. */
import { type Fuzzed, fuzzReader } from "./fuzz_reader.ts";
import { readAtOnce } from "./read_at_once.ts";
import { readers } from "./readers.ts";

/** What to do, as the one argument of this program. */
export interface FuzzTask {
  /** Of the reader. */
  name: string;
  seed: number;
  runs: number;
  /** An empty folder to work in, named after the reader. */
  folder: string;
}

/** A line of what this program says: how many inputs were tried, or all that became of them. */
export type FuzzEvent =
  | { inputs: number }
  | { fuzzed: Omit<Fuzzed, "failure">; failure?: { input: string; complaint: string } };

if (import.meta.main) await work(JSON.parse(Deno.args[0]) as FuzzTask);

async function work({ name, ...task }: FuzzTask): Promise<void> {
  readAtOnce();
  let said = performance.now();
  const hear = (inputs: number) => {
    if (performance.now() - said < 500) return;
    said = performance.now();
    say({ inputs });
  };
  const { failure, ...fuzzed } = await fuzzReader(readers[name], { ...task, hear });
  say({
    fuzzed,
    ...failure && { failure: { ...failure, input: failure.input.toBase64() } },
  });
  Deno.exit();
}

/** At once, since nothing may wait while a reader computes. */
function say(event: FuzzEvent): void {
  console.log(JSON.stringify(event));
}
