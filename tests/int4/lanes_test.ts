import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { InputError } from "../../lib/core/mod.ts";
import {
  accumulateLanes,
  accumulateLanesChecked,
  multiplyPair,
  packPair,
  SAFE_ADDITIONS,
  splitLanes,
  spreadProducts,
} from "../../lib/int4/mod.ts";

Deno.test("multiplyPair() and spreadProducts() are exact for all 16^3 operands", () => {
  for (let first = 0; first < 16; first++) {
    for (let second = 0; second < 16; second++) {
      const pair = packPair(first, second);
      assert(pair === first * 2 ** 8 + second);
      for (let activation = 0; activation < 16; activation++) {
        const products = multiplyPair(pair, activation);
        assert(products === first * activation * 2 ** 8 + second * activation);
        const lanes = spreadProducts(products);
        assert(lanes === first * activation * 2 ** 16 + second * activation);
        const [upper, lower] = splitLanes(lanes);
        assert(upper === first * activation && lower === second * activation);
      }
    }
  }
});

Deno.test("accumulateLanes() is a 32-bit addition", () => {
  const register = fc.nat(2 ** 32 - 1);
  fc.assert(fc.property(register, register, (accumulator, lanes) => {
    const sum = BigInt.asUintN(32, BigInt(accumulator) + BigInt(lanes));
    assertEquals(BigInt(accumulateLanes(accumulator, lanes)), sum);
  }));
});

Deno.test("accumulateLanes() first overflows when it adds 225 for the 292nd time", () => {
  const lanes = spreadProducts(multiplyPair(packPair(15, 15), 15));
  let accumulator = 0;
  for (let additions = 1; additions <= 291; additions++) {
    accumulator = accumulateLanes(accumulator, lanes);
    assertEquals(splitLanes(accumulator), [225 * additions, 225 * additions]);
  }
  // 292 * 225 = 65700 = 2^16 + 164; the lower lane's carry makes the upper one 165.
  assertEquals(splitLanes(accumulateLanes(accumulator, lanes)), [165, 164]);
});

Deno.test("accumulateLanes() never overflows in SAFE_ADDITIONS, even of any 8-bit products", () => {
  let accumulator = 0;
  for (let i = 0; i < SAFE_ADDITIONS; i++) {
    accumulator = accumulateLanes(accumulator, spreadProducts(0xffff));
  }
  assertEquals(splitLanes(accumulator), [255 * SAFE_ADDITIONS, 255 * SAFE_ADDITIONS]);
});

Deno.test("accumulateLanesChecked() adds up to the last sum that fits, and refuses the next", () => {
  for (const unit of [1, 2 ** 16]) {
    const full = 0xffff * unit;
    assertEquals(accumulateLanesChecked(full - unit, unit, 7), full);
    assertThrows(
      () => accumulateLanesChecked(full, unit, 7),
      InputError,
      "Cannot accumulate row 7: lanes must stay within 65535, got " +
        (unit === 1 ? "[0,65536]" : "[65536,0]"),
    );
  }
});

Deno.test("packPair() and multiplyPair() refuse what has more than 4 bits", () => {
  for (const code of [-1, 16, 0.5, NaN]) {
    const refusal = `must be an integer in 0..15, got ${code}`;
    assertThrows(() => packPair(code, 1), InputError, `Cannot pack weights: a weight ${refusal}`);
    assertThrows(() => packPair(1, code), InputError, `Cannot pack weights: a weight ${refusal}`);
    assertThrows(
      () => multiplyPair(0, code),
      InputError,
      `Cannot multiply weights: an activation ${refusal}`,
    );
  }
});
