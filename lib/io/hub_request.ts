import { InputError, refuse, require } from "../core/mod.ts";

/** How the hub is asked. */
export interface HubAccess {
  /** Address without a slash at the end; it alone is told the token. */
  endpoint: string;
  token?: string;
  /** Of what is done, for messages: `download org/name`. */
  action: string;
  /** Ends the work by throwing its reason. */
  signal?: AbortSignal;
  /** Before the first repetition, each further one taking twice as long; a second unless given. */
  pauseMilliseconds?: number;
  /** Until an answer, or the next bytes of one, are no longer waited for; 30 seconds unless given. */
  patienceMilliseconds?: number;
}

/** How often in a row something is tried. */
export const attempts = 5;

/** The longest time that the hub may ask for before it is tried again, in seconds. */
const longestWait = 300;

/**
 * Asks the hub, again where it is busy, fails or is not reached. Redirections are followed; the token is
 * not sent to another host.
 *
 * @returns An answer with status 2xx or 416, its body not read yet.
 * @throws {InputError} If the hub refuses, or cannot be reached.
 */
export async function askHub(
  access: HubAccess,
  url: string,
  init: RequestInit = {},
): Promise<Response> {
  for (let attempt = 1;; attempt++) {
    const isLast = attempt === attempts;
    try {
      const response = await askOnce(access, url, init);
      if (response.ok || response.status === 416) return response;
      const seconds = waitOf(response);
      const isPassing = seconds !== undefined && seconds <= longestWait;
      if (!isPassing || isLast) await refuseResponse(access, response);
      await response.body?.cancel();
      await pauseBefore(access, attempt, seconds);
    } catch (error) {
      if (!isOutage(error, access) || isLast) refuseOutage(error, access);
      await pauseBefore(access, attempt);
    }
  }
}

/**
 * As {@linkcode askHub}, with a body that has been read, in the form of the function `fetch`: what packages
 * ask by.
 */
export function hubFetch(access: HubAccess): typeof fetch {
  return async (input, init) => {
    const url = input instanceof Request ? input.url : String(input);
    for (let attempt = 1;; attempt++) {
      const response = await askHub(access, url, init);
      try {
        const pieces = await piecesOf(response, access);
        const { status, headers } = response;
        return new Response(new Blob(pieces), { status, headers });
      } catch (error) {
        if (!isOutage(error, access) || attempt === attempts) refuseOutage(error, access);
        await pauseBefore(access, attempt);
      }
    }
  };
}

/** The longest answer that is held in memory, in bytes: several times the longest of a listing or an index. */
const longestAnswer = 2 ** 26;

async function piecesOf(
  response: Response,
  access: HubAccess,
): Promise<Uint8Array<ArrayBuffer>[]> {
  const pieces: Uint8Array<ArrayBuffer>[] = [];
  let length = 0;
  for await (const piece of bodyOf(response, access)) {
    length += piece.length;
    const rule = `${access.endpoint} must answer in at most ${longestAnswer} bytes`;
    require(length <= longestAnswer, access.action, rule);
    pieces.push(piece);
  }
  return pieces;
}

/** The bytes of an answer as they come; throws a `TimeoutError` if they do not for too long. */
export async function* bodyOf(
  { body }: Response,
  { patienceMilliseconds = patience }: HubAccess,
): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  if (body === null) return;
  const reader = body.getReader();
  try {
    for (;;) {
      const { promise: late, reject } = Promise.withResolvers<never>();
      const timer = setTimeout(() => reject(tooLate()), patienceMilliseconds);
      const { value, done } = await Promise.race([reader.read(), late]).finally(() =>
        clearTimeout(timer)
      );
      if (done) return;
      yield value;
    }
  } finally {
    await reader.cancel().catch(() => {});
  }
}

const patience = 30_000;

function tooLate(): DOMException {
  return new DOMException("no bytes came in time", "TimeoutError");
}

async function askOnce(access: HubAccess, url: string, init: RequestInit): Promise<Response> {
  const { endpoint, token, signal, patienceMilliseconds = patience } = access;
  signal?.throwIfAborted();
  const headers = new Headers(init.headers);
  headers.set("Accept-Encoding", "identity"); // sizes and offsets are those of the file
  const isHub = new URL(url).origin === new URL(endpoint).origin;
  if (token !== undefined && isHub) headers.set("Authorization", `Bearer ${token}`);
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(tooLate()), patienceMilliseconds);
  const signals = [late.signal, ...signal ? [signal] : []];
  try {
    return await fetch(url, { ...init, headers, signal: AbortSignal.any(signals) });
  } finally {
    clearTimeout(timer);
  }
}

/** Whether an error comes from the way to the hub, so that it may be gone the next time. */
export function isOutage(error: unknown, { signal }: HubAccess): boolean {
  signal?.throwIfAborted();
  const isRefusal = error instanceof InputError || error instanceof Deno.errors.NotCapable;
  return !isRefusal;
}

/** Refuses because of an outage; any other error is thrown as it is. */
export function refuseOutage(error: unknown, access: HubAccess): never {
  if (!isOutage(error, access)) throw error;
  refuse(access.action, `${access.endpoint} must be reachable`, (error as Error).message);
}

/** Waits before something is tried again. */
export async function pauseBefore(
  { signal, pauseMilliseconds = 1000 }: HubAccess,
  attempt: number,
  seconds = 0,
): Promise<void> {
  const milliseconds = Math.max(1000 * seconds, pauseMilliseconds * 2 ** (attempt - 1));
  await new Promise<void>((resolve, reject) => {
    const stop = () => reject(signal!.reason);
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", stop);
      resolve();
    }, milliseconds);
    signal?.addEventListener("abort", () => (clearTimeout(timer), stop()), { once: true });
  });
  signal?.throwIfAborted();
}

/** In how many seconds an answer may be another; undefined if it stays this one. */
function waitOf({ status, headers }: Response): number | undefined {
  if (status !== 429 && status !== 408 && status < 500) return undefined;
  const told = headers.get("Retry-After");
  if (told === null) return 0;
  const seconds = /^\d+$/.test(told) ? Number(told) : (Date.parse(told) - Date.now()) / 1000;
  return Number.isNaN(seconds) ? 0 : Math.max(0, seconds);
}

/** Says why the hub does not give what is asked for. */
async function refuseResponse(
  { action, endpoint, token }: HubAccess,
  response: Response,
): Promise<never> {
  await response.body?.cancel();
  const { status, headers } = response;
  const code = headers.get("X-Error-Code");
  const isUnknown = status === 404 || code === "RepoNotFound" ||
    status === 401 && token === undefined;
  const rule = code === "GatedRepo"
    ? `HF_TOKEN must be of an account that has accepted its terms at ${endpoint}`
    : code === "RevisionNotFound"
    ? "the repository must have the revision"
    : code === "EntryNotFound"
    ? "the repository must have the file"
    : isUnknown
    ? `${endpoint} must have the repository; a private one needs HF_TOKEN`
    : status === 401
    ? "HF_TOKEN must be valid"
    : status === 403
    ? "HF_TOKEN must give access to it"
    : status === 429
    ? `${endpoint} must allow further requests, the next in ${Math.ceil(waitOf(response)!)} s`
    : `${endpoint} must answer`;
  refuse(action, rule, status);
}
