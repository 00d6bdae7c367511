import { assert, assertEquals, assertThrows } from "@std/assert";
import {
  errorAgainstRange,
  log2Transfer,
  uniformTransfer,
} from "../../../experiments/draw/transfer.ts";
import { InputError } from "../../../lib/core/mod.ts";
import type { PlotlySpec } from "../../../lib/report/mod.ts";

/** The values of each curve by its name. */
function curves({ data }: PlotlySpec): Record<string, number[]> {
  return Object.fromEntries(data.map(({ name, y }) => [name, y as number[]]));
}

const levels = (values: number[]) => new Set(values).size;

Deno.test("uniformTransfer() spreads the paper's levels and mirrors the released ones", () => {
  const drawn = curves(uniformTransfer({ bits: 3, from: -0.5, to: 1.5 }));
  assertEquals(levels(drawn["paper: affine"]), 8);
  assert(levels(drawn["released: symmetric"]) < 8);
  assert(Math.max(...drawn["released: symmetric"]) < 1.3);
});

Deno.test("uniformTransfer() refuses an empty range", () => {
  assertThrows(
    () => uniformTransfer({ bits: 3, from: 1, to: 1 }),
    InputError,
    "Cannot draw a transfer curve: from must be below to, got [1,1]",
  );
});

Deno.test("log2Transfer() has 8 levels as printed, 16 and zero as released", () => {
  const drawn = curves(log2Transfer({ bits: 4 }));
  assertEquals(levels(drawn["paper: eq. 3 as printed"]), 8);
  assertEquals(Math.min(...drawn["paper: eq. 3 as printed"]), 1 / 128);
  assertEquals(levels(drawn["released: no sign bit"]), 17);
});

Deno.test("errorAgainstRange() grows with one step, with TRIP beyond 2^K, not with channels' own", () => {
  const drawn = curves(errorAgainstRange());
  const growth = (name: string, from: number, to: number) => drawn[name][to] / drawn[name][from];
  assert(growth("one step (eq. 2)", 0, 3) > 10);
  assert(growth("TRIP, K = 3", 0, 3) < 2);
  assert(growth("TRIP, K = 3", 3, 6) > 10);
  assert(growth("TRIP, K = 8", 0, 8) < 2);
  assertEquals(levels(drawn["a step per channel"]), 1);
});
