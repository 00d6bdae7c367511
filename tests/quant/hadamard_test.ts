import { assertEquals, assertThrows } from "@std/assert";
import { InputError } from "../../lib/core/mod.ts";
import { hadamardMatrix, hadamardOrder } from "../../lib/quant/mod.ts";
import { readGolden } from "../golden/read_golden.ts";

const orders = [1, 2, 4, 8, 12, 20, 24, 28, 36, 40, 44, 52, 60, 68, 76, 108, 140, 156, 172, 180];

Deno.test("hadamardMatrix() has orthogonal rows of 1 and -1", () => {
  for (const order of orders) {
    const { order: own, entries } = hadamardMatrix(order);
    assertEquals([own, entries.length], [order, order ** 2]);
    assertEquals(entries.every((entry) => Math.abs(entry) === 1), true);
    for (let row = 0; row < order; row++) {
      for (let other = row; other < order; other++) {
        let product = 0;
        for (let i = 0; i < order; i++) {
          product += entries[row * order + i] * entries[other * order + i];
        }
        assertEquals(product, row === other ? order : 0, `rows ${row}, ${other} of order ${order}`);
      }
    }
  }
});

Deno.test("hadamardMatrix() gives the matrices of QuaRot", () => {
  const { tensors } = readGolden("rivals/quarot.safetensors");
  for (const order of [12, 20, 28, 36, 40]) {
    const expected = tensors.get(`had${order}.matrix`)!.data as Int32Array;
    assertEquals(Int32Array.from(hadamardMatrix(order).entries), expected, `order ${order}`);
  }
});

Deno.test("hadamardMatrix() refuses orders that it has no construction for", () => {
  for (const order of [3, 6, 9, 14, 18, 92, 0, -4, 2.5, NaN]) {
    const message = "Cannot make a Hadamard matrix: its order must be 1, 2, or one that Paley, " +
      `Williamson or doubling gives, got ${order}`;
    assertThrows(() => hadamardMatrix(order), InputError, message);
  }
});

/** QuaRot's get_hadK, which has neither 44, 76 nor 180. */
const orderOfSize: Record<number, number | undefined> = {
  ...{ 1: 1, 2: 1, 12: 12, 20: 20, 24: 12, 28: 28, 36: 36, 40: 40, 48: 12, 52: 52, 56: 28 },
  ...{ 60: 60, 64: 1, 72: 36, 80: 40, 96: 12, 108: 108, 112: 28, 120: 60, 140: 140, 160: 40 },
  ...{ 172: 172, 224: 28, 360: 180, 576: 36, 768: 12, 896: 28, 1280: 40, 1536: 12 },
  ...{ 2048: 1, 3072: 12, 4608: 36, 5120: 40, 8960: 140, 11008: 172, 14336: 28 },
  ...{ 9: undefined, 14: undefined, 18: undefined, 25: undefined, 92: undefined, 0: undefined },
  ...{ 156: 156, 312: 156, 19968: 156, 516: 516, 44: 44, 76: 76, 352: 44, 4864: 76, 5632: 44 },
};

Deno.test("hadamardOrder() is that of QuaRot, and has more besides", () => {
  for (const [size, order] of Object.entries(orderOfSize)) {
    assertEquals(hadamardOrder(Number(size)), order, `size ${size}`);
  }
});
