import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { InputError } from "../../lib/core/mod.ts";
import { decodeBfloat16, encodeBfloat16 } from "../../lib/format/mod.ts";
import { lMul, lMulOffset, powersOf, roundMantissas } from "../../lib/quant/mod.ts";
import { goldenTensors } from "./support.ts";

const { floats } = goldenTensors("lmul", "rivals");

Deno.test("lMul() is the paper's formula for all pairs of E4M3, exactly", () => {
  const values = floats("e4m3.values");
  const formula = floats("e4m3.formula");
  values.forEach((x, i) =>
    values.forEach((y, j) => {
      const product = lMul(x, y, 3);
      assert(product === formula[i * values.length + j], `${x} * ${y}: ${product}`);
      assertEquals([lMul(-x, y, 3), lMul(-x, -y, 3)], [-product, product]);
    })
  );
});

Deno.test("lMul() is the paper's formula in BF16, exactly", () => {
  const [x, y, formula] = ["x", "y", "formula"].map((name) => floats(`bf16.${name}`));
  formula.forEach((product, i) => assertEquals(lMul(x[i], y[i], 7), product));
});

Deno.test("lMul() of 0 is 0", () => {
  assertEquals([lMul(0, 3, 7), lMul(-1.5, 0, 7)], [0, 0]);
});

Deno.test("lMulOffset() is the paper's, and refuses mantissas without bits", () => {
  const exponents = [1, 2, 3, 4, 5, 7, 22].map((bits) => -Math.log2(lMulOffset(bits)));
  assertEquals(exponents, [1, 2, 3, 3, 4, 4, 4]);
  const rule = "Cannot multiply by L-Mul: mantissas must have 1..22 bits, got 0";
  assertThrows(() => lMulOffset(0), InputError, rule);
});

Deno.test("roundMantissas() to seven bits is BF16", () => {
  fc.assert(fc.property(fc.float32Array({ noNaN: true, noDefaultInfinity: true }), (any) => {
    const x = any.filter((value) => Math.abs(value) < 3e38);
    assertEquals(roundMantissas(x, 7), decodeBfloat16(encodeBfloat16(x)));
  }));
  assertEquals([...roundMantissas(Float32Array.of(1.25, 1.75, -1.2), 1)], [1, 2, -1]);
});

Deno.test("powersOf() leaves sign and exponent", () => {
  assertEquals([...powersOf(Float32Array.of(1.5, -7, 0.3, 0, 1e-40))], [1, -4, 0.25, 0, 0]);
});
