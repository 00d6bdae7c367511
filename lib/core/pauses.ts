/** Awaited between two steps of long work. */
export type Pause = () => Promise<void>;

/** Milliseconds between two times that signals are let in: far less than anybody waits for. */
const interval = 50;

/**
 * What long work awaits between its steps: the first time and now and then it gives way, so that signals
 * come in however short each of many works is, and it throws the reason of `signal` once that is aborted.
 */
export function pauses(signal?: AbortSignal): Pause {
  let last = -Infinity;
  return async () => {
    signal?.throwIfAborted();
    if (performance.now() - last < interval) return;
    await new Promise((resolve) => setTimeout(resolve));
    last = performance.now();
    signal?.throwIfAborted();
  };
}
