/**
 * Lets events in that wait while long work keeps the thread busy, such as Ctrl-C: their handlers run
 * before the work goes on.
 */
export function letSignalsIn(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve));
}
