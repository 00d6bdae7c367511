/** What one run gave, by the name of the quantity: `{ time: 12.5 }`. */
export type Figures = Record<string, number>;

/** Does a job once and measures it. */
export type Turn = () => Figures | Promise<Figures>;

/** Milliseconds that calls are repeated for: far above the clock's grain, far below a turn. */
const leastTime = 20;

/** The mean milliseconds of a call, over as many as fill `least` milliseconds. */
export async function time(work: () => unknown, least = leastTime): Promise<number> {
  const start = performance.now();
  let [calls, elapsed] = [0, 0];
  while (elapsed < least) {
    await work();
    calls++;
    elapsed = performance.now() - start;
  }
  return elapsed / calls;
}
