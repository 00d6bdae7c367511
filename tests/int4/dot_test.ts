import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { InputError } from "../../lib/core/mod.ts";
import { dotInt4, packWeights, SIGNED_ZERO_POINT, toOffsetBinary } from "../../lib/int4/mod.ts";
import { exactProduct, operands } from "./reference.ts";

Deno.test("dotInt4() equals signed arithmetic for all 16^3 signed operands", () => {
  const activationZeroPoint = SIGNED_ZERO_POINT;
  for (let first = -8; first < 8; first++) {
    for (let second = -8; second < 8; second++) {
      const codes = toOffsetBinary(Int8Array.of(first, second));
      const weights = packWeights(codes, { rows: 1, columns: 2, zeroPoint: SIGNED_ZERO_POINT });
      for (let activation = -8; activation < 8; activation++) {
        const activations = toOffsetBinary(Int8Array.of(activation));
        const [one, two] = dotInt4(activations, weights, 0, { activationZeroPoint });
        assert(one === (first * activation | 0) && two === (second * activation | 0));
      }
    }
  }
});

Deno.test("dotInt4() corrects every pair of zero points", () => {
  const [activations, weights] = [
    Uint8Array.from({ length: 512 }),
    Uint8Array.from({ length: 512 }),
  ];
  for (let i = 0; i < 256; i++) { // every pair of codes, once in each column
    activations[i] = activations[i + 256] = i % 16;
    weights[2 * i] = i >> 4;
    weights[2 * i + 1] = (i * 7 + 3) % 16;
  }
  for (let weightZeroPoint = 0; weightZeroPoint < 16; weightZeroPoint++) {
    const packed = packWeights(weights, { rows: 256, columns: 2, zeroPoint: weightZeroPoint });
    for (let activationZeroPoint = 0; activationZeroPoint < 16; activationZeroPoint++) {
      const row = activations.subarray(0, 256);
      const exact = exactProduct({
        ...{ m: 1, k: 256, n: 2, activations: row, weights },
        ...{ activationZeroPoint, weightZeroPoint },
      });
      assertEquals(dotInt4(row, packed, 0, { activationZeroPoint }).map(BigInt), exact);
    }
  }
});

Deno.test("dotInt4() is exact around and beyond the length that lanes can hold", () => {
  fc.assert(fc.property(operands({ m: 1, k: [255, 600], n: 2 }), (drawn) => {
    const { k, n, activations, weights, activationZeroPoint, weightZeroPoint } = drawn;
    const packed = packWeights(weights, { rows: k, columns: n, zeroPoint: weightZeroPoint });
    const sums = dotInt4(activations, packed, 0, { activationZeroPoint });
    assertEquals(sums.map(BigInt), exactProduct(drawn));
  }));
});

Deno.test("dotInt4() of the largest codes is exact at every length from 255 to 600", () => {
  for (let rows = 255; rows <= 600; rows++) {
    const activations = new Uint8Array(rows).fill(15);
    const weights = packWeights(new Uint8Array(2 * rows).fill(15), { rows, columns: 2 });
    assertEquals(dotInt4(activations, weights, 0), [225 * rows, 225 * rows]);
  }
});

Deno.test("dotInt4() wraps as one 32-bit register of two lanes does", () => {
  fc.assert(fc.property(operands({ m: 1, k: [255, 600], n: 2 }), (drawn) => {
    const { k, n, activations, weights } = drawn;
    const uncorrected = { ...drawn, activationZeroPoint: 0, weightZeroPoint: 0 };
    const [upper, lower = 0n] = exactProduct(uncorrected);
    const register = BigInt.asUintN(32, upper * 65536n + lower);
    const packed = packWeights(weights, { rows: k, columns: n });
    const lanes = dotInt4(activations, packed, 0, { overflow: "wrap" });
    assertEquals(lanes.map(BigInt), [register >> 16n, register & 65535n].slice(0, n));
  }));
});

Deno.test("dotInt4() refuses to overflow exactly when a sum exceeds a lane", () => {
  fc.assert(fc.property(operands({ m: 1, k: [255, 600], n: 2 }), (drawn) => {
    const { k, n, activations, weights } = drawn;
    const exact = exactProduct({ ...drawn, activationZeroPoint: 0, weightZeroPoint: 0 });
    const packed = packWeights(weights, { rows: k, columns: n });
    const checked = () => dotInt4(activations, packed, 0, { overflow: "refuse" });
    if (exact.some((sum) => sum > 65535n)) {
      assertThrows(checked, InputError, "lanes must stay within 65535");
    } else {
      assertEquals(checked().map(BigInt), exact);
    }
  }));
});

Deno.test("dotInt4() first overflows at the 292nd product of 225", () => {
  const dot = (rows: number, overflow: "wrap" | "refuse") => {
    const weights = packWeights(new Uint8Array(2 * rows).fill(15), { rows, columns: 2 });
    return dotInt4(new Uint8Array(rows).fill(15), weights, 0, { overflow });
  };
  for (const overflow of ["wrap", "refuse"] as const) {
    assertEquals(dot(291, overflow), [65475, 65475]);
  }
  assertEquals(dot(292, "wrap"), [165, 164]);
  assertThrows(
    () => dot(292, "refuse"),
    InputError,
    "Cannot accumulate row 291: lanes must stay within 65535, got [65700,65700]",
  );
});

Deno.test("dotInt4() gives an odd last column alone", () => {
  const weights = packWeights(Uint8Array.of(1, 2, 3, 4, 5, 6), { rows: 2, columns: 3 });
  const activations = Uint8Array.of(1, 10);
  assertEquals(dotInt4(activations, weights, 0), [41, 52]);
  assertEquals(dotInt4(activations, weights, 1), [63]);
});

Deno.test("dotInt4() refuses pairs, activations and zero points out of range", () => {
  const weights = packWeights(Uint8Array.of(1, 2, 3), { rows: 1, columns: 3 });
  for (
    const [dot, message] of [
      [
        () => dotInt4(Uint8Array.of(1), weights, 2),
        "Cannot multiply INT4: pair must be an integer in 0..1, got 2",
      ],
      [
        () => dotInt4(Uint8Array.of(1, 2), weights, 0),
        "Cannot multiply INT4: there must be 1 activation, one per row of the weights, got 2",
      ],
      [
        () => dotInt4(Uint8Array.of(16), weights, 0),
        "Cannot multiply weights: an activation must be an integer in 0..15, got 16",
      ],
      [
        () => dotInt4(Uint8Array.of(1), weights, 0, { activationZeroPoint: 16 }),
        "Cannot multiply INT4: activationZeroPoint must be an integer in 0..15, got 16",
      ],
    ] as const
  ) {
    assertThrows(dot, InputError, message);
  }
});
