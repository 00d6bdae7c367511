import type { ContenderFacts, Job } from "../../experiments/result/bench_record.ts";
import { readLines } from "../../lib/core/mod.ts";
import type { Turn } from "./turn.ts";

/** What the jobs that take turns with each other have in common, until the last of them is over. */
export class Scope {
  readonly #ends: (() => void)[] = [];
  readonly #shared = new Map<string, unknown>();

  /** Has something done when the jobs are over, such as freeing what one of them holds. */
  onEnd(work: () => void): void {
    this.#ends.push(work);
  }

  /** What `make` gave for this key the first time. */
  share<Value>(key: string, make: () => Value): Value {
    if (!this.#shared.has(key)) this.#shared.set(key, make());
    return this.#shared.get(key) as Value;
  }

  /** Does what was asked for, the latest first. */
  end(): void {
    for (const work of this.#ends.reverse()) work();
  }
}

/** Gets a job ready; the turn is measured whenever it is called. */
export type Prepare = (job: Job, scope: Scope) => Turn | Promise<Turn>;

/**
 * Serves jobs to the process that started this one, until that closes its end: the other side of
 * `startPeer`.
 */
export async function serve(facts: ContenderFacts, prepare: Prepare): Promise<never> {
  let scope = new Scope();
  let turns: Turn[] = [];

  async function answer(request: { prepare?: Job; run?: number }): Promise<unknown> {
    if (request.prepare) return { ready: turns.push(await prepare(request.prepare, scope)) - 1 };
    if (request.run !== undefined) return { figures: await turns[request.run]() };
    scope.end();
    [scope, turns] = [new Scope(), []];
    return { done: true };
  }

  Deno.addSignalListener("SIGINT", () => {}); // Ctrl-C is for the process that reads the figures
  say({ facts });
  for await (const line of readLines(Deno.stdin.readable)) {
    say(await answer(JSON.parse(line)).catch((error) => ({ error: error.message })));
  }
  Deno.exit();
}

function say(answer: unknown): void {
  console.log(JSON.stringify(answer));
}
