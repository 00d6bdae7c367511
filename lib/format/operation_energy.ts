import { entriesOf, type Operation, type OperationCounts } from "./operation_counts.ts";

/**
 * Energy of an operation in 45 nm at 0.9 V, in picojoules, by its width in bits, ascending (Horowitz, "Computing's
 * energy problem", ISSCC 2014, fig. 1.1.9), which L-Mul's authors count by, too. It has neither shifts nor look-ups.
 */
const picojoules: Readonly<Record<string, readonly (readonly [bits: number, energy: number])[]>> = {
  "add int": [[8, 0.03], [32, 0.1]],
  "multiply int": [[8, 0.2], [32, 3.1]],
  "add float": [[16, 0.4], [32, 0.9]],
  "multiply float": [[16, 1.1], [32, 3.7]],
};

/** Where the energies come from, for captions. */
export const energySource = "Horowitz, ISSCC 2014 (45 nm)";

/**
 * Energy of one operation in picojoules; undefined where the table has none. Widths that it does not have cost as
 * much as the next wider one, which computes the same: nothing is interpolated.
 */
export function energyOfOperation(operation: Operation): number | undefined {
  const [, kind, bits] = /^(.*?)(\d*)$/.exec(operation)!;
  return picojoules[kind]?.find(([width]) => width >= Number(bits))?.[1];
}

/** Energy of operations in picojoules; undefined where that of any is. */
export function energyOf(counts: OperationCounts): number | undefined {
  let sum = 0;
  for (const [operation, count] of entriesOf(counts)) {
    const energy = energyOfOperation(operation);
    if (energy === undefined) return undefined;
    sum += count * energy;
  }
  return sum;
}
