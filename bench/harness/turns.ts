import type { Summary } from "../../experiments/result/bench_record.ts";
import { median, require } from "../../lib/core/mod.ts";
import type { Figures, Turn } from "./turn.ts";

/** Runs that a median is taken of. */
export const leastRuns = 5;

/** Runs that are made even where time is up. */
const leastHurriedRuns = 3;

/** How contenders take turns. */
export interface TurnOptions<Key> {
  /** Stops between two turns by throwing its reason. */
  signal?: AbortSignal;
  /** Hears whose turn it is. */
  onTurn?: (key: Key) => void;
  /** Lighter work that warms up for the turns that take long. */
  warmUps?: ReadonlyMap<Key, Turn>;
  /** Once all turns have taken so long, three rounds that count are enough. */
  seconds?: number;
  /** The time in milliseconds. */
  now?: () => number;
}

/**
 * Runs contenders in turns, round after round, so that whatever else the machine does meets all of
 * them alike. Before that each of them warms up until it gets no faster, or for a second: an engine
 * compiles what it runs often.
 *
 * @param runs Rounds that count, at least {@linkcode leastRuns}.
 * @returns What each contender's rounds gave, per quantity.
 */
export async function takeTurns<Key>(
  turns: ReadonlyMap<Key, Turn>,
  runs: number,
  { signal, onTurn, warmUps, seconds = Infinity, now = () => performance.now() }: TurnOptions<Key> =
    {},
): Promise<Map<Key, Record<string, Summary>>> {
  require(runs >= leastRuns, "bench", `runs must number ${leastRuns} or more`, runs);
  const rounds = new Map([...turns.keys()].map((key) => [key, [] as Figures[]]));
  const deadline = now() + 1000 * seconds;
  for (let round = 0; round <= runs; round++) {
    if (round > leastHurriedRuns && now() > deadline) break;
    for (const [key, turn] of turns) {
      signal?.throwIfAborted();
      onTurn?.(key);
      if (round === 0) await warmUp(warmUps?.get(key) ?? turn, now, signal);
      else rounds.get(key)!.push(await turn());
    }
  }
  return new Map([...rounds].map(([key, figures]) => [key, summarizeAll(figures)]));
}

/** Milliseconds after which nobody warms up any longer. */
const longestWarmUp = 1000;

/** What a turn gains at least, of its time, while it still gets faster. */
const leastGain = 0.03;

/** Runs a turn until it gets no faster. */
async function warmUp(turn: Turn, now: () => number, signal?: AbortSignal): Promise<void> {
  const start = now();
  let before = Infinity;
  do {
    signal?.throwIfAborted();
    const began = now();
    await turn();
    const elapsed = now() - began;
    if (elapsed >= (1 - leastGain) * before) return;
    before = elapsed;
  } while (now() - start < longestWarmUp);
}

function summarizeAll(rounds: Figures[]): Record<string, Summary> {
  const quantities = Object.keys(rounds[0]);
  return Object.fromEntries(quantities.map((quantity) => {
    return [quantity, summarize(rounds.map((figures) => figures[quantity]))];
  }));
}

/**
 * Median and extremes.
 *
 * @throws {InputError} If there are no values or one is NaN.
 */
export function summarize(values: readonly number[]): Summary {
  return {
    median: median(values),
    low: Math.min(...values),
    high: Math.max(...values),
    runs: values.length,
  };
}
