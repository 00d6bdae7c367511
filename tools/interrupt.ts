/** A signal that Ctrl-C aborts, and when it does. */
export interface Interrupt {
  signal: AbortSignal;
  /** Resolves once Ctrl-C is waited for; until then it ends the process. */
  listening: Promise<void>;
}

/** What Ctrl-C makes of a word that two threads share. */
const [raised, seen] = [1, 2];

/**
 * A signal that the first Ctrl-C aborts. The second ends the process at once, as it does any program.
 *
 * A thread of its own waits for Ctrl-C, answers on standard error and stops listening, which brings
 * the default action back. So both work while the calling thread computes without a pause and handles
 * no events: there `aborted` and `throwIfAborted` of the signal ask that thread.
 */
export function listenForInterrupt(): Interrupt {
  const word = new Int32Array(new SharedArrayBuffer(4));
  const controller = new AbortController();
  const { signal } = controller;
  const { get: aborted } = Object.getOwnPropertyDescriptor(AbortSignal.prototype, "aborted")!;
  const { throwIfAborted } = signal;
  const look = <Result>(read: () => Result) => () => {
    if (Atomics.compareExchange(word, 0, raised, seen) === raised) controller.abort();
    return read.call(signal);
  };
  Object.defineProperties(signal, {
    aborted: { get: look(aborted!) },
    throwIfAborted: { value: look(throwIfAborted) },
  });

  const source = `(${answerInterrupt})(${raised})`;
  const thread = new Worker(`data:text/javascript,${encodeURIComponent(source)}`, {
    type: "module",
  });
  const listening = new Promise<void>((resolve) => {
    thread.onmessage = () => {
      resolve();
      thread.onmessage = () => signal.aborted;
    };
  });
  thread.postMessage(word);
  return { signal, listening };
}

/** What the thread runs. It is handed over as text, so it uses nothing from outside. */
function answerInterrupt(raised: number): void {
  const port = self as unknown as Pick<Worker, "onmessage" | "postMessage">;
  port.onmessage = ({ data: word }) => {
    let answered = false;
    const answer = () => {
      if (answered) return; // a task runner passes on what the terminal has sent as well
      answered = true;
      const lineEnd = Deno.stderr.isTerminal() ? "\n" : "";
      console.error(`${lineEnd}Stopping at the next step. Press Ctrl-C again to stop at once.`);
      Atomics.store(word, 0, raised);
      port.postMessage("interrupted");
      setTimeout(() => Deno.removeSignalListener("SIGINT", answer), 100);
    };
    Deno.addSignalListener("SIGINT", answer);
    port.postMessage("listening");
  };
}
