/** How often in a row something is tried. */
const attempts = 5;

/** Before the first repetition, in milliseconds; each further one takes twice as long. */
const firstPause = 20;

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
  for (let attempt = 1;; attempt++) {
    try {
      return await work();
    } catch (error) {
      if (attempt === attempts || !isWorthIt(error)) throw error;
      await new Promise((resolve) => setTimeout(resolve, firstPause * 2 ** (attempt - 1)));
    }
  }
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
