/** What tells the system how memory will be used, as POSIX systems have it: address, bytes, advice. */
export const adviseSymbol = {
  parameters: ["usize", "usize", "i32"],
  result: "i32",
  optional: true,
} as const;

/** A function of {@linkcode adviseSymbol}'s type. */
type Advise = (address: bigint, bytes: bigint, advice: number) => number;

/** Linux's advice to use pages of 2 MiB. */
const hugePages = 14;

/**
 * Asks for large pages behind so many bytes from an address of this process on, whether they are in use yet or
 * not: the processor then looks up a page 512 times less often, which streams through weights wait for. Linux alone
 * has them on advice; where the system does not, nothing changes.
 *
 * @param advise `madvise`, where the system has it.
 */
export function askForHugePages(
  advise: Advise | null | undefined,
  address: bigint,
  bytes: number,
): void {
  if (Deno.build.os === "linux") advise?.(address, BigInt(bytes), hugePages);
}
