import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { packWeights } from "../../lib/int4/mod.ts";
import { zeroPointCorrection } from "../../lib/int4/correction.ts";
import { exactProduct, operands } from "./reference.ts";

const sum = (values: ArrayLike<number>) => Array.from(values).reduce((a, b) => a + b, 0);

Deno.test("zeroPointCorrection() is what zero points take from a sum of products of codes", () => {
  fc.assert(fc.property(operands({ m: 1, k: [1, 40], n: 5 }), (drawn) => {
    const { k, n, activations, weights, weightZeroPoint, activationZeroPoint } = drawn;
    const packed = packWeights(weights, { rows: k, columns: n, zeroPoint: weightZeroPoint });
    const ofCodes = exactProduct({ ...drawn, weightZeroPoint: 0, activationZeroPoint: 0 });
    const corrections = ofCodes.map((_, column) =>
      zeroPointCorrection(packed, column, sum(activations), activationZeroPoint)
    );
    assertEquals(ofCodes.map((total, j) => total - BigInt(corrections[j])), exactProduct(drawn));
  }));
});

Deno.test("zeroPointCorrection() takes the zero point of each column", () => {
  const zeroPoint = Uint8Array.of(0, 8, 15);
  const weights = packWeights(Uint8Array.of(1, 2, 3, 4, 5, 6), { rows: 2, columns: 3, zeroPoint });
  const corrections = [0, 1, 2].map((column) => zeroPointCorrection(weights, column, 10, 3));
  // zw sum a + za sum w - rows zw za
  assertEquals(corrections, [0 + 3 * 5 - 0, 80 + 3 * 7 - 2 * 24, 150 + 3 * 9 - 2 * 45]);
});

Deno.test("zeroPointCorrection() of signed weights and unsigned activations is 8 sum a", () => {
  const weights = packWeights(Uint8Array.of(0, 15, 7), { rows: 3, columns: 1, zeroPoint: 8 });
  assertEquals(zeroPointCorrection(weights, 0, 21, 0), 8 * 21);
});
