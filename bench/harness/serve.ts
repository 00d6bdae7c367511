import type { ContenderFacts, Job } from "../../experiments/bench_record.ts";
import type { Turn } from "./turn.ts";

/** Gets a job ready; the turn is measured whenever it is called. */
export type Prepare = (job: Job) => Turn | Promise<Turn>;

/** Serves jobs to the process that started this one: the other side of `startPeer`. */
export async function serve(facts: ContenderFacts, prepare: Prepare): Promise<void> {
  say({ facts });
  let turn: Turn | undefined;
  let rest = "";
  for await (const text of Deno.stdin.readable.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + text).split("\n");
    rest = lines.pop()!;
    for (const line of lines) {
      const request = JSON.parse(line) as { prepare?: Job };
      try {
        if (request.prepare) {
          turn = await prepare(request.prepare);
          say({ ready: true });
        } else {
          say({ figures: await turn!() });
        }
      } catch (error) {
        say({ error: (error as Error).message });
      }
    }
  }
}

function say(answer: unknown): void {
  console.log(JSON.stringify(answer));
}
