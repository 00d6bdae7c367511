import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { InputError } from "../../lib/core/mod.ts";
import { matmulInt4, matmulInt4Simd, packWeights } from "../../lib/int4/mod.ts";
import { operands } from "./reference.ts";

Deno.test("matmulInt4Simd() equals matmulInt4() at random shapes and zero points", () => {
  for (const depth of [[1, 40], [255, 600]] as [number, number][]) {
    fc.assert(
      fc.property(operands({ m: 9, k: depth, n: 40 }), (drawn) => {
        const { k, n, activations, weights, activationZeroPoint, weightZeroPoint } = drawn;
        const packed = packWeights(weights, { rows: k, columns: n, zeroPoint: weightZeroPoint });
        const how = { activationZeroPoint };
        assertEquals(
          matmulInt4Simd(activations, packed, how),
          matmulInt4(activations, packed, how),
        );
      }),
      { numRuns: 30 },
    );
  }
});

Deno.test("matmulInt4Simd() is exact for all 16^3 operands", () => {
  const pairs = Uint8Array.from({ length: 512 }, (_, i) => i % 2 ? (i >> 1) % 16 : i >> 5);
  const activations = Uint8Array.from({ length: 16 }, (_, code) => code);
  const product = matmulInt4Simd(activations, packWeights(pairs, { rows: 1, columns: 512 }));
  const exact = Array.from(activations, (activation) => Array.from(pairs, (w) => w * activation));
  assertEquals(Array.from(product), exact.flat());
});

Deno.test("matmulInt4Simd() is exact where lanes are fullest", () => {
  for (const rows of [255, 256, 257, 291, 292, 512, 4096]) {
    const weights = packWeights(new Uint8Array(17 * rows).fill(15), { rows, columns: 17 });
    const product = matmulInt4Simd(new Uint8Array(5 * rows).fill(15), weights);
    assertEquals(product, new Int32Array(5 * 17).fill(225 * rows));
  }
});

Deno.test("matmulInt4Simd() of no activations is empty", () => {
  const weights = packWeights(Uint8Array.of(1, 2), { rows: 2, columns: 1 });
  assertEquals(matmulInt4Simd(new Uint8Array(), weights), new Int32Array());
});

Deno.test("matmulInt4Simd() refuses what matmulInt4() refuses", () => {
  const weights = packWeights(Uint8Array.of(1, 2), { rows: 2, columns: 1 });
  for (
    const [activations, activationZeroPoint, message] of [
      [Uint8Array.of(1, 2, 3), 0, "Cannot multiply INT4: activations must come in rows of 2"],
      [Uint8Array.of(1, 16), 0, "an activation must be an integer in 0..15, got 16"],
      [Uint8Array.of(1, 2), 16, "activationZeroPoint must be an integer in 0..15, got 16"],
    ] as const
  ) {
    for (const multiply of [matmulInt4, matmulInt4Simd]) {
      assertThrows(
        () => multiply(activations, weights, { activationZeroPoint }),
        InputError,
        message,
      );
    }
  }
});
