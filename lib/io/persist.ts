/** Between one try and the next, in milliseconds. */
const pauses = [20, 40, 80, 160];

/**
 * Does work again where what keeps it from being done may be gone the next time. What the work opened must be
 * opened anew: a handle that has failed stays so, and what was written by it may be lost.
 *
 * @param isWorthIt Whether an error is one of these; {@linkcode isPassing} unless given.
 * @throws What the work threw, the last time.
 */
export async function persist<Result>(
  work: () => Promise<Result>,
  isWorthIt: (error: unknown) => boolean = isPassing,
): Promise<Result> {
  for (const pause of pauses) {
    try {
      return await work();
    } catch (error) {
      if (!isWorthIt(error)) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, pause));
  }
  return await work();
}

/** As {@linkcode persist}, at once. */
export function persistSync<Result>(work: () => Result): Result {
  for (const pause of pauses) {
    try {
      return work();
    } catch (error) {
      if (!isPassing(error)) throw error;
    }
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, pause);
  }
  return work();
}

/**
 * Whether the system refused what it may allow the next time, as network file systems do: a name that has got
 * another file meanwhile (ESTALE), a server that has not answered (EIO, ETIMEDOUT).
 */
export function isPassing(error: unknown): boolean {
  const { code, message } = systemError(error);
  return code === "EIO" || code === "ETIMEDOUT" || /^Stale /.test(message); // Deno has no code for ESTALE
}

/** Whether the system refused because there is no such file or folder. */
export function isMissing(error: unknown): boolean {
  return systemError(error) instanceof Deno.errors.NotFound;
}

/** The error of the system because of which an input was refused, or the error itself. */
function systemError(error: unknown): Error & { code?: string } {
  const { cause = error } = error as Error;
  return cause instanceof Error ? cause : new Error(String(cause));
}
