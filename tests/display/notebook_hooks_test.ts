import { assertEquals, assertThrows } from "@std/assert";
import {
  notebookHooks,
  type NotebookKernel,
  surviveStop,
} from "../../lib/display/notebook_hooks.ts";

/** A kernel whose button Stop is `stop`. */
function kernelWithStop(): { kernel: NotebookKernel; stop: () => void; listeners: () => number } {
  const listeners: (() => void)[] = [];
  const kernel: NotebookKernel = {
    jupyter: { broadcast: () => Promise.resolve() },
    addSignalListener: (_signal, listener) => listeners.push(listener),
  };
  return {
    kernel,
    stop: () => listeners.forEach((each) => each()),
    listeners: () => listeners.length,
  };
}

Deno.test("surviveStop() listens once, however often it is called", () => {
  const { kernel, listeners } = kernelWithStop();
  surviveStop(kernel);
  surviveStop(kernel);
  notebookHooks(kernel);
  assertEquals(listeners(), 1);
});

Deno.test("notebookHooks() have a signal that Stop aborts with a reason for people", () => {
  const { kernel, stop } = kernelWithStop();
  const { signal } = notebookHooks(kernel);
  signal.throwIfAborted();
  stop();
  assertThrows(
    () => signal.throwIfAborted(),
    DOMException,
    "Stopped. What earlier cells made is kept.",
  );
});

Deno.test("notebookHooks() of all work that runs hear the same Stop", () => {
  const { kernel, stop } = kernelWithStop();
  const [one, other] = [notebookHooks(kernel), notebookHooks(kernel)];
  stop();
  assertEquals([one.signal.aborted, other.signal.aborted], [true, true]);
});

Deno.test("notebookHooks() of a later cell do not hear an earlier Stop, but the next", () => {
  const { kernel, stop } = kernelWithStop();
  surviveStop(kernel);
  stop(); // nothing ran that listens
  const { signal } = notebookHooks(kernel);
  assertEquals(signal.aborted, false);
  stop();
  assertEquals(signal.aborted, true);
});
