import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { InputError } from "../../lib/core/mod.ts";
import { affineMatrix } from "../../lib/format/mod.ts";
import {
  linearInt4,
  linearInt4Simd,
  matmulInt4,
  matmulInt4Simd,
  packLanes,
  packWeights,
} from "../../lib/int4/mod.ts";
import { layers, operands } from "./reference.ts";

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

Deno.test("matmulInt4Simd() is exact where fields are fullest", () => {
  // Codes less 8 and less 7 give products of -64, 56, 56 and -56.
  for (const [weight, activation] of [[0, 15], [0, 0], [15, 15], [15, 0]]) {
    for (const rows of [1, 31, 32, 33, 64, 65, 291, 292, 4096]) {
      const weights = packWeights(new Uint8Array(17 * rows).fill(weight), { rows, columns: 17 });
      const product = matmulInt4Simd(new Uint8Array(7 * rows).fill(activation), weights);
      assertEquals(product, new Int32Array(7 * 17).fill(weight * activation * rows));
    }
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

Deno.test("linearInt4Simd() equals linearInt4() bit for bit", () => {
  for (const columns of [[1, 40], [60, 300]] as [number, number][]) {
    fc.assert(
      fc.property(layers({ m: 13, columns, rows: 35 }), ({ activations, layer, input }) => {
        const weight = affineMatrix(layer);
        assertEquals(
          linearInt4Simd(activations, packLanes(weight, input)),
          linearInt4(activations, weight, input),
        );
      }),
      { numRuns: 30 },
    );
  }
});

Deno.test("linearInt4Simd() corrects every pair of zero points, at all pairs of codes", () => {
  // 16 columns for the zero points of weights, 16 x 16 rows of one product each.
  const codes = Uint8Array.from({ length: 256 * 16 }, (_, i) => (i >> 4) & 15);
  const zeroPoint = Uint8Array.from({ length: 256 }, (_, row) => row >> 4);
  const scale = new Float32Array(256).fill(1);
  const layer = affineMatrix({ rows: 256, columns: 16, bits: 4, codes, scale, zeroPoint });
  for (let activationZeroPoint = 0; activationZeroPoint < 16; activationZeroPoint++) {
    const input = { step: 1, zeroPoint: activationZeroPoint, shift: new Uint8Array(16) };
    for (let code = 0; code < 16; code++) {
      const activations = new Uint8Array(16).fill(activationZeroPoint);
      activations[code] = code;
      const exact = Array.from(zeroPoint, (zero, row) => {
        const product = (code - activationZeroPoint) * (row % 16 - zero);
        return product === 0 ? 0 : product;
      });
      assertEquals(Array.from(linearInt4Simd(activations, packLanes(layer, input))), exact);
    }
  }
});
