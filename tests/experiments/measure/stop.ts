/** A signal that is aborted as a handler of Ctrl-C would: as soon as the work lets events in. */
export function stoppedSoon(): AbortSignal {
  const controller = new AbortController();
  setTimeout(() => controller.abort());
  return controller.signal;
}
