/** What one run gave, by the name of the quantity: `{ time: 12.5 }`. */
export type Figures = Record<string, number>;

/** Does a job once and measures it. */
export type Turn = () => Figures | Promise<Figures>;

/** Milliseconds that short work is repeated for: far above the clock's grain, far below a turn. */
const leastTime = 20;

/** Milliseconds that some work takes. */
export function clock(work: () => unknown): number {
  const start = performance.now();
  work();
  return performance.now() - start;
}

/** The mean figures of as many passes as fill {@linkcode leastTime}. */
export function average<Name extends string>(
  pass: () => Record<Name, number>,
): Record<Name, number> {
  const end = performance.now() + leastTime;
  const sums = pass();
  let count = 1;
  for (; performance.now() < end; count++) {
    const figures = pass();
    for (const name in figures) sums[name] += figures[name];
  }
  for (const name in sums) sums[name] /= count;
  return sums;
}

/** The mean milliseconds of a call, over as many as fill {@linkcode leastTime}. */
export async function time(work: () => unknown): Promise<number> {
  const start = performance.now();
  let [calls, elapsed] = [0, 0];
  while (elapsed < leastTime) {
    await work();
    calls++;
    elapsed = performance.now() - start;
  }
  return elapsed / calls;
}
