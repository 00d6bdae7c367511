import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { InputError } from "../../../lib/core/mod.ts";
import { fakeQuantizeLog2 } from "../../../lib/quant/mod.ts";
import { log2Limits } from "../../../lib/tensor/ops/log2.ts";
import { fakeQuantLog2, type Log2Rounding, tf, useBackend } from "../../../lib/tensor/mod.ts";
import type { KernelFile } from "../../../lib/tensor/kernel_module.ts";
import { Simd } from "../../../lib/tensor/simd.ts";
import { assertFreesMemory } from "../compare.ts";

type Round = (x: Float32Array, rounding: Log2Rounding) => Float32Array;

/** The kernel of one compiled module. */
async function kernel(file: KernelFile): Promise<Round> {
  const simd = await Simd.load({ files: [file] });
  return (x, rounding) =>
    simd.arena.scratch([x.byteLength, x.byteLength, 4], (target, source, flag) => {
      simd.arena.view(Float32Array, source, x.length).set(x);
      const { maximum, lowest, zeroBelow } = log2Limits(rounding);
      const limits = [maximum, lowest, zeroBelow, -Infinity];
      simd.run("roundToPowers", [[x.length, target, source, ...limits, flag]]);
      return simd.arena.view(Float32Array, target, x.length).slice();
    });
}

/** The operation on a backend. */
function operation(backend: string): Promise<Round> {
  return Promise.resolve((x, rounding) => {
    tf.setBackend(backend);
    const values = tf.tidy(() => fakeQuantLog2(tf.tensor1d(x.slice()), rounding, "x").dataSync());
    tf.setBackend("agile");
    return Float32Array.from(values);
  });
}

const ways: Record<string, Round> = {
  "relaxed SIMD": await kernel("kernels_relaxed.wasm"),
  "plain SIMD": await kernel("kernels_simd.wasm"),
  "agile": await operation("agile"),
  "cpu": await operation("cpu"),
};
await useBackend("agile");

/** Every exponent, subnormal ones included, with mantissas around those where rounding turns. */
function criticalValues(): Float32Array {
  const mantissas = [0, 1, 0x3504f2, 0x3504f3, 0x3504f4, 0x3504f5, 0x7ffffe, 0x7fffff];
  const normal = Array.from({ length: 255 }, (_, exponent) => exponent << 23)
    .flatMap((exponent) => mantissas.map((mantissa) => exponent + mantissa));
  const subnormal = Array.from({ length: 23 }, (_, bit) => 1 << bit)
    .flatMap((power) => [-1, 0, 1].flatMap((step) => [power + step, power * Math.SQRT2 + step]));
  return new Float32Array(Uint32Array.from([...normal, ...subnormal]).buffer);
}

for (const [name, round] of Object.entries(ways)) {
  Deno.test(`fakeQuantLog2() is fakeQuantizeLog2() on all exponents: ${name}`, () => {
    const positive = criticalValues();
    const signed = Float32Array.from([...positive, ...positive.map((value) => -value)]);
    for (const bits of [2, 3, 4, 5, 6, 7, 8]) {
      const released: Log2Rounding = { bits, profile: "released", maximum: 1 };
      assertEquals(round(positive, released), fakeQuantizeLog2(positive, released));
      const paper: Log2Rounding = { bits, profile: "paper", maximum: 1 };
      assertEquals(round(signed, paper), fakeQuantizeLog2(signed, paper));
    }
  });

  Deno.test(`fakeQuantLog2() is fakeQuantizeLog2() for any maximum: ${name}`, () => {
    const floats = fc.float32Array({
      ...{ noNaN: true, noDefaultInfinity: true, minLength: 1, maxLength: 40 },
    });
    const maxima = fc.float({ min: Math.fround(1e-30), max: Math.fround(1e30), noNaN: true });
    fc.assert(
      fc.property(floats, maxima, fc.integer({ min: 2, max: 8 }), (x, maximum, bits) => {
        const paper: Log2Rounding = { bits, profile: "paper", maximum };
        assertEquals(round(x, paper), fakeQuantizeLog2(x, paper));
      }),
      { seed: 3, numRuns: 200 },
    );
  });
}

Deno.test("fakeQuantLog2() looks at every value, and at none behind the last", () => {
  const rounding: Log2Rounding = { bits: 4, profile: "released", maximum: 1 };
  const length = 50_001; // several calls, and a last vector that is not full
  const x = new Float32Array(length).fill(0.5);
  for (const strange of [0, 16383, 16384, length - 1]) {
    const values = x.slice();
    values[strange] = NaN;
    const before = tf.memory().numTensors;
    assertThrows(
      () => tf.tidy(() => fakeQuantLog2(tf.tensor1d(values), rounding, "maps")),
      InputError,
      "got NaN",
    );
    assertEquals(tf.memory().numTensors, before);
  }
  tf.tidy(() => {
    // What the next tensors of this size find where they come to lie.
    tf.tidy(() => void tf.square(tf.tensor1d(new Float32Array(length + 3).fill(NaN))));
    assertEquals(fakeQuantLog2(tf.tensor1d(x), rounding, "maps").dataSync(), x);
  });
});

Deno.test("fakeQuantLog2() refuses what has no logarithm to round", () => {
  const refuses = (values: number[], rounding: Log2Rounding, message: string) =>
    assertThrows(
      () => tf.tidy(() => fakeQuantLog2(tf.tensor1d(values), rounding, "maps")),
      InputError,
      message,
    );
  const released: Log2Rounding = { bits: 4, profile: "released", maximum: 1 };
  assertFreesMemory(() => refuses([NaN], released, "values must be finite"));
  const rule = "Cannot quantize maps: values must be finite and, in profile released, >= 0, got";
  refuses([0, NaN], released, `${rule} NaN`);
  refuses([-1], released, `${rule} -1`);
  refuses([Infinity], { ...released, profile: "paper" }, `${rule} Infinity`);
  const action = "Cannot round to powers of two:";
  refuses([1], { ...released, bits: 9 }, `${action} bits must be an integer in 2..8, got 9`);
  refuses(
    [1],
    { ...released, maximum: 0.1 },
    `${action} maximum must be a float32 above 0, got 0.1`,
  );
});
