import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { InputError } from "../../lib/core/mod.ts";
import { matmulInt4, packWeights } from "../../lib/int4/mod.ts";
import { exactProduct, operands } from "./reference.ts";

Deno.test("matmulInt4() equals exact arithmetic at random shapes and zero points", () => {
  for (const depth of [[1, 40], [255, 600]] as [number, number][]) {
    fc.assert(
      fc.property(operands({ m: 4, k: depth, n: 7 }), (drawn) => {
        const { k, n, activations, weights, activationZeroPoint, weightZeroPoint } = drawn;
        const packed = packWeights(weights, { rows: k, columns: n, zeroPoint: weightZeroPoint });
        const product = matmulInt4(activations, packed, { activationZeroPoint });
        assertEquals(Array.from(product, BigInt), exactProduct(drawn));
      }),
      { numRuns: 50 },
    );
  }
});

Deno.test("matmulInt4() overflows lanes when told to", () => {
  const weights = packWeights(new Uint8Array(876).fill(15), { rows: 292, columns: 3 });
  const activations = new Uint8Array(584).fill(15, 0, 292).fill(1, 292);
  // The odd last column has no neighbour that carries into it.
  assertEquals(
    matmulInt4(activations, weights, { overflow: "wrap" }),
    Int32Array.of(165, 164, 164, 4380, 4380, 4380),
  );
  assertThrows(() => matmulInt4(activations, weights, { overflow: "refuse" }), InputError);
});

Deno.test("matmulInt4() of no activations is empty", () => {
  const weights = packWeights(Uint8Array.of(1, 2), { rows: 2, columns: 1 });
  assertEquals(matmulInt4(new Uint8Array(), weights), new Int32Array());
});

Deno.test("matmulInt4() refuses part of a row of activations", () => {
  const weights = packWeights(Uint8Array.of(1, 2), { rows: 2, columns: 1 });
  assertThrows(
    () => matmulInt4(Uint8Array.of(1, 2, 3), weights),
    InputError,
    "Cannot multiply INT4: activations must come in rows of 2, as many as the weights have rows, " +
      "got 3",
  );
});
