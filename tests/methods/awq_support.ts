import { assert } from "@std/assert";
import type { AwqWeight } from "../../lib/methods/awq_weight.ts";
import { readGolden } from "../golden/read_golden.ts";

/** A weight of 4 bits. */
export function weightOf(
  values: ArrayLike<number>,
  rows: number,
  columns: number,
  groupSize: number,
): AwqWeight {
  return {
    ...{ values: Float32Array.from(values), rows, columns },
    ...{ bits: 4, groupSize, name: "weight" },
  };
}

/** Whether a number is another but for a share of it. */
export function assertClose(
  actual: number,
  expected: number,
  tolerance: number,
  what: string,
): void {
  assert(Math.abs(actual / expected - 1) < tolerance, `${what}: ${actual} not ${expected}`);
}

/** The arrays of a file of golden vectors. */
export function golden(path: string) {
  const { tensors } = readGolden(path);
  return {
    has: (name: string) => tensors.has(name),
    shape: (name: string) => tensors.get(name)!.shape,
    floats: (name: string) => tensors.get(name)!.data as Float32Array,
  };
}
