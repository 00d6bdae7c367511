/** What is done, to numbers of so many bits; `look up` reads an entry of a table. */
export type Operation =
  | `${"multiply" | "add"} ${"int" | "float"}${number}`
  | `shift int${number}`
  | "look up";

/** How often operations are done; not at all where they are not named. */
export type OperationCounts = Readonly<Partial<Record<Operation, number>>>;

/** All operations of several counts. */
export function addCounts(...all: readonly OperationCounts[]): OperationCounts {
  const sum: Partial<Record<Operation, number>> = {};
  for (const [operation, count] of all.flatMap(entriesOf)) {
    sum[operation] = (sum[operation] ?? 0) + count;
  }
  return sum;
}

/** The operations of something that is done so many times; a share of them where that is no integer. */
export function repeatCounts(counts: OperationCounts, times: number): OperationCounts {
  return Object.fromEntries(
    entriesOf(counts).map(([operation, count]) => [operation, count * times]),
  );
}

/** The operations with their numbers, as text: `3 shift int12, add int32`. */
export function describeCounts(counts: OperationCounts): string {
  return entriesOf(counts)
    .map(([operation, count]) => count === 1 ? operation : `${count} ${operation}`)
    .join(", ");
}

/** Operations that are done at all, with their numbers. */
export function entriesOf(counts: OperationCounts): [Operation, number][] {
  return (Object.entries(counts) as [Operation, number][]).filter(([, count]) => count !== 0);
}
