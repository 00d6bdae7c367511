import { assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { InputError } from "../../lib/core/mod.ts";
import { dequantizeLog2, fakeQuantizeLog2, quantizeLog2 } from "../../lib/quant/mod.ts";
import golden from "../golden/quant/b_log2.json" with { type: "json" };
import { assertSameNumbers, goldenTensors } from "./support.ts";

const tensors = goldenTensors("b_log2");

/** The input of a golden case; two of them are the softmax in another type or shape. */
function input(id: string): Float32Array {
  const name = id.split(".")[0];
  if (name === "softmax_fp16cast") return tensors.floats("x.softmax").map(Math.f16round);
  return tensors.floats(name === "softmax4d" ? "x.softmax" : `x.${name}`);
}

function meanSquare(a: Float32Array, b: Float32Array): number {
  return a.reduce((sum, value, i) => sum + (value - b[i]) ** 2, 0) / a.length;
}

Deno.test("quantizeLog2() has the released code's zeros and error on every golden case", () => {
  assertEquals(golden.cases.length, 10);
  for (const { id, bits, n_masked, n_masked_nonzero_input, mse } of golden.cases) {
    const x = input(id);
    const { codes, params } = quantizeLog2(x, { bits, profile: "released" });
    const zeros = [...codes.keys()].filter((i) => codes[i] === 2 ** bits);
    assertEquals(zeros.length, n_masked, `${id} zeros`);
    assertEquals(zeros.filter((i) => x[i] !== 0).length, n_masked_nonzero_input, `${id} lost`);
    assertAlmostEquals(meanSquare(dequantizeLog2(codes, params), x), mse, 1e-6 * mse, id);
  }
});

Deno.test("quantizeLog2() equals the released code wherever its codes are stored", () => {
  const stored = golden.cases.filter(({ id }) => tensors.has(`${id}.codes`));
  assertEquals(stored.length, 6);
  for (const { id, bits } of stored) {
    const x = input(id);
    const { codes, params } = quantizeLog2(x, { bits, profile: "released" });
    const zero = 2 ** bits;
    const dequantized = tensors.floats(`${id}.dequant`);
    assertSameNumbers(
      codes.map((code) => Math.min(code, zero - 1)),
      tensors.integers(`${id}.codes`),
      `${id} codes`,
    );
    assertSameNumbers(
      codes.map((code) => Number(code === zero)),
      tensors.integers(`${id}.mask`),
      `${id} zeros`,
    );
    assertSameNumbers(dequantizeLog2(codes, params), dequantized, `${id} dequantized`);
    assertSameNumbers(
      fakeQuantizeLog2(x, { bits, profile: "released" }),
      dequantized,
      `${id} in one pass`,
    );
  }
});

Deno.test("quantizeLog2() of profile paper has equation 3's error on every golden case", () => {
  for (const { id, bits, mse_paper_eq3_zero_kept_zero: mse } of golden.cases) {
    const { codes, params } = quantizeLog2(input(id), { bits, profile: "paper" });
    assertAlmostEquals(meanSquare(dequantizeLog2(codes, params), input(id)), mse, 1e-6 * mse, id);
  }
});

Deno.test("quantizeLog2() of profile paper keeps a sign, three magnitude bits and zero", () => {
  const x = Float32Array.of(8, -8, 4, -4, 0.0625, 0.01, -0.01, 0);
  const { codes, params } = quantizeLog2(x, { bits: 4 });
  assertEquals(params, { bits: 4, profile: "paper", maximum: 8 });
  assertEquals(codes, Int32Array.of(0, 8, 1, 9, 7, 7, 15, 16));
  assertEquals(
    dequantizeLog2(codes, params),
    Float32Array.of(8, -8, 4, -4, 0.0625, 0.0625, -0.0625, 0),
  );
});

Deno.test("quantizeLog2() of profile paper takes the maximum of a whole for that of a part", () => {
  const whole = Float32Array.of(0.9, 0.3, 0.2, 0.05, 0.01);
  const { codes } = quantizeLog2(whole, { bits: 4 });
  const part = quantizeLog2(whole.slice(2), { bits: 4, maximum: Math.fround(0.9) });
  assertEquals(part.codes, codes.slice(2));
});

Deno.test("quantizeLog2() of profile paper leaves an all-zero tensor zero", () => {
  const { codes, params } = quantizeLog2(new Float32Array(3), { bits: 4 });
  assertEquals(dequantizeLog2(codes, params), new Float32Array(3));
  assertEquals(params.maximum, 1);
});

for (
  const [what, profile, value] of [
    ["a negative probability", "released", -0.25],
    ["NaN", "released", NaN],
    ["infinity", "released", Infinity],
    ["minus infinity", "released", -Infinity],
    ["a very negative value", "released", -(2 ** 127)],
    ["a negative value near 0", "released", -(2 ** -149)],
    ["NaN", "paper", NaN],
    ["infinity", "paper", -Infinity],
  ] as const
) {
  Deno.test(`quantizeLog2() of profile ${profile} refuses ${what}, naming the tensor`, () => {
    const x = Float32Array.of(0.5, value);
    const options = { bits: 4, profile, name: "attn.probs" };
    const rule = profile === "paper"
      ? "element 1 must be finite"
      : "profile released takes finite values >= 0";
    for (const quantize of [quantizeLog2, fakeQuantizeLog2]) {
      assertThrows(
        () => quantize(x, options),
        InputError,
        `Cannot quantize attn.probs: ${rule}, got ${value}`,
      );
    }
  });
}

Deno.test("quantizeLog2() refuses 9 bits", () => {
  assertThrows(
    () => quantizeLog2(Float32Array.of(1), { bits: 9, name: "attn.probs" }),
    InputError,
    "Cannot quantize attn.probs: bits must be an integer in 2..8, got 9",
  );
});
