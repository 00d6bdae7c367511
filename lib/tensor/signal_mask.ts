/** What sets the signals that the calling thread handles, as POSIX has it: how, the set, the former set. */
export const maskSymbol = {
  parameters: ["i32", "buffer", "buffer"],
  result: "i32",
  optional: true,
} as const;

/** A function of {@linkcode maskSymbol}'s type. */
type SetMask = (
  how: number,
  set: Uint8Array<ArrayBuffer>,
  former: Uint8Array<ArrayBuffer> | null,
) => number;

/** How a set is taken, and the signals of faults, which a thread handles in any case. */
const systems = {
  linux: { block: 0, replace: 2, faults: [4, 5, 7, 8, 11] },
  darwin: { block: 1, replace: 3, faults: [4, 5, 8, 10, 11] },
};

const system = systems[Deno.build.os as keyof typeof systems];

/** As long as the longest `sigset_t`. */
const [blocked, former] = [new Uint8Array(128).fill(0xff), new Uint8Array(128)];
for (const signal of system?.faults ?? []) blocked[(signal - 1) >> 3] &= ~(1 << ((signal - 1) & 7));

/**
 * Calls a native library while other threads handle the signals of this process. Generated code of
 * oneDNN 2.6.3 does not stand a handler on the stack of its thread: a signal during a product damages
 * the heap, and the process ends in SIGABRT or SIGSEGV at once or later.
 *
 * @param setMask `pthread_sigmask`, where the system has it.
 */
export function withoutSignals<Result>(
  setMask: SetMask | null | undefined,
  call: () => Result,
): Result {
  if (!setMask || !system) return call();
  setMask(system.block, blocked, former);
  try {
    return call();
  } finally {
    setMask(system.replace, former, null);
  }
}
