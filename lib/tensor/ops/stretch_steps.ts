import { require } from "../../core/mod.ts";
import type { GridSteps } from "../../format/mod.ts";

/** What all channels of the grid of an integer product have in common. */
export interface CommonBounds {
  shift: number;
  low: number;
  high: number;
  /** The code of zero, counted from the lowest code: 0..255. */
  zeroPoint: number;
}

/**
 * The shift and bounds that all channels share.
 *
 * @param action What errors say was attempted.
 * @throws {InputError} If they do not.
 */
export function commonBounds({ shift, low, high }: GridSteps, action: string): CommonBounds {
  require(
    isConstant(shift) && isConstant(low),
    action,
    "its channels must share a zero point",
    low,
  );
  return { shift: shift[0], low: low[0], high: high[0], zeroPoint: shift[0] - low[0] };
}

/** A loop, as every token of a text waits for it: `every` takes thirty times as long. */
function isConstant(values: Float32Array): boolean {
  for (let index = 1; index < values.length; index++) {
    if (values[index] !== values[0]) return false;
  }
  return true;
}

/** Repeats each value, so that there is one for every element of the last axis. */
export function stretch(values: Float32Array, into: Float32Array): Float32Array {
  const run = into.length / values.length;
  if (run === 1) into.set(values);
  else values.forEach((value, index) => into.fill(value, index * run, (index + 1) * run));
  return into;
}
