import type { Progress } from "../core/mod.ts";
import { type Broadcast, notebookProgress } from "./progress.ts";

/** What of its kernel a notebook uses; `Deno` is one. */
export interface NotebookKernel {
  jupyter: { broadcast: Broadcast };
  addSignalListener(signal: "SIGINT", listener: () => void): void;
}

/** What long work in a notebook's cell reports to and listens to. */
export interface NotebookHooks {
  /** A live bar in the output of the cell. */
  progress: Progress;
  /** Aborts when the notebook's button Stop is pressed. */
  signal: AbortSignal;
}

/** What each kernel's button Stop aborts. */
const stops = new WeakMap<NotebookKernel, AbortController>();

/**
 * Lets the button Stop end the running cell only, with an error: without a listener the kernel dies,
 * and with it everything that earlier cells made. A notebook calls it in its first cell; any further
 * call changes nothing.
 *
 * @param kernel `Deno`.
 */
export function surviveStop(kernel: NotebookKernel): void {
  if (stops.has(kernel)) return;
  stops.set(kernel, new AbortController());
  kernel.addSignalListener("SIGINT", () => {
    const message = "Stopped. What earlier cells made is kept.";
    stops.get(kernel)!.abort(new DOMException(message, "AbortError"));
  });
}

/**
 * The hooks of one piece of work in a notebook's cell. A Stop before this call is over and done with.
 *
 * @param kernel `Deno`.
 * @example Work in two steps. In a notebook the kernel is `Deno`.
 * ```ts
 * import { notebookHooks } from "./lib/mod.ts";
 *
 * const kernel = { jupyter: { broadcast: () => Promise.resolve() }, addSignalListener() {} };
 * const { progress, signal } = notebookHooks(kernel);
 * progress.start("halves", 2);
 * for (const done of [1, 2]) {
 *   signal.throwIfAborted();
 *   progress.update(done);
 * }
 * progress.finish();
 * ```
 */
export function notebookHooks(kernel: NotebookKernel): NotebookHooks {
  surviveStop(kernel);
  if (stops.get(kernel)!.signal.aborted) stops.set(kernel, new AbortController());
  return {
    progress: notebookProgress(kernel.jupyter.broadcast),
    signal: stops.get(kernel)!.signal,
  };
}
