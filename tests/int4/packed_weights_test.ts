import { assertEquals, assertThrows } from "@std/assert";
import { InputError } from "../../lib/core/mod.ts";
import { packWeights } from "../../lib/int4/mod.ts";

Deno.test("packWeights() pairs adjacent columns, an odd last one with 0", () => {
  const codes = Uint8Array.of(1, 2, 3, 4, 5, 15);
  assertEquals(packWeights(codes, { rows: 2, columns: 3, zeroPoint: 8 }), {
    pairs: Uint16Array.of(0x0102, 0x0300, 0x0405, 0x0f00),
    rows: 2,
    columns: 3,
    zeroPoint: Uint8Array.of(8, 8, 8),
    columnSums: Uint32Array.of(5, 7, 18),
  });
  assertEquals(
    packWeights(codes, { rows: 3, columns: 2 }).pairs,
    Uint16Array.of(0x0102, 0x0304, 0x050f),
  );
});

Deno.test("packWeights() refuses codes, zero points and shapes that it cannot pack", () => {
  const codes = new Uint8Array(6);
  for (
    const [pack, message] of [
      [
        () => packWeights(Uint8Array.of(16), { rows: 1, columns: 1 }),
        "a weight must be an integer in 0..15, got 16",
      ],
      [
        () => packWeights(codes, { rows: 2, columns: 3, zeroPoint: -1 }),
        "zeroPoint must be an integer in 0..15, got -1",
      ],
      [
        () => packWeights(codes, { rows: 2, columns: 3, zeroPoint: Uint8Array.of(1, 2) }),
        "there must be one zeroPoint, or one for each of 3 columns, got 2",
      ],
      [
        () => packWeights(codes, { rows: 2, columns: 3, zeroPoint: Uint8Array.of(1, 2, 16) }),
        "zeroPoint must be an integer in 0..15, got 16",
      ],
      [
        () => packWeights(codes, { rows: 2, columns: 2 }),
        "codes must have 2 x 2 elements, got 6",
      ],
      [
        () => packWeights(codes.subarray(0, 0), { rows: 2, columns: 0 }),
        "columns must be an integer, at least 1, got 0",
      ],
      [
        () => packWeights(codes, { rows: 0, columns: 3 }),
        "rows must be an integer in 1..9544371, or 32-bit sums could overflow, got 0",
      ],
      [
        () => packWeights(new Uint8Array(9544372), { rows: 9544372, columns: 1 }),
        "rows must be an integer in 1..9544371, or 32-bit sums could overflow, got 9544372",
      ],
    ] as const
  ) {
    assertThrows(pack, InputError, `Cannot pack weights: ${message}`);
  }
});
