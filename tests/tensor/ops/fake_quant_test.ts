import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { InputError } from "../../../lib/core/mod.ts";
import { gridSteps, type UniformGrid } from "../../../lib/format/mod.ts";
import { fakeQuantizeUniform } from "../../../lib/quant/mod.ts";
import { fakeQuantUniform, tf, useBackend } from "../../../lib/tensor/mod.ts";
import { anyParams } from "../../quant/support.ts";
import { assertFreesMemory } from "../compare.ts";
import { integerPaths } from "../integers.ts";

/** Float32 numbers of every size, some on ties of the step 1. */
const values = fc.oneof(
  fc.float({ noNaN: true, noDefaultInfinity: true }),
  fc.integer({ min: -1200, max: 1200 }).map((halves) => halves / 2),
);

function apply(x: Float32Array, columns: number, params: UniformGrid): Float32Array {
  const input = tf.tensor2d(x, [x.length / columns, columns]);
  const output = fakeQuantUniform(input, gridSteps(params), "x");
  const result = output.dataSync<"float32">() as Float32Array;
  tf.dispose([input, output]);
  return result;
}

for (const [path, choose] of integerPaths.slice(1)) {
  for (const [channels, inner] of [[1, 1], [1, 7], [6, 1], [3, 2], [5, 8], [33, 1]]) {
    Deno.test(`fakeQuantUniform() equals fakeQuantizeUniform() bit for bit, ${channels} x ${inner}: ${path}`, async () => {
      await choose();
      const columns = channels * inner;
      const rows = fc.integer({ min: 1, max: 9 });
      fc.assert(fc.property(rows, anyParams(channels, inner), fc.gen(), (rows, params, draw) => {
        const x = Float32Array.from({ length: rows * columns }, () => draw(() => values));
        assertEquals(apply(x, columns, params), fakeQuantizeUniform(x, params)); // tells 0 from -0
      }));
    });
  }

  Deno.test(`fakeQuantUniform() equals fakeQuantizeUniform() on ties and extremes: ${path}`, async () => {
    await choose();
    const halves = Array.from({ length: 1200 }, (_, i) => i / 2 - 300);
    const near = halves.flatMap((value) => [value, value * (1 + 2 ** -23), value * (1 - 2 ** -23)]);
    const extremes = [-0, 0, 1e-45, -1e-38, 2 ** 30, -(2 ** 31), 3e38, -3e38];
    const x = Float32Array.from([...near, ...extremes]);
    for (const profile of ["paper", "released"] as const) {
      for (const codeMin of [0, -128]) {
        for (let zeroPoint = codeMin; zeroPoint <= codeMin + 255; zeroPoint += 5) {
          for (const scale of [1, 2 ** -23, 3]) {
            const params = {
              ...{ bits: 8, profile, codeMin, codeMax: codeMin + 255, inner: 1 },
              ...{ scale: Float32Array.of(scale), zeroPoint: Int32Array.of(zeroPoint) },
            };
            assertEquals(apply(x, x.length, params), fakeQuantizeUniform(x, params));
          }
        }
      }
    }
  });
}

Deno.test("fakeQuantUniform() composed of TensorFlow.js operations gives the same numbers", async () => {
  await useBackend("cpu");
  const params = anyParams(6, 1);
  fc.assert(fc.property(params, fc.array(values, { minLength: 12, maxLength: 12 }), (params, x) => {
    const input = Float32Array.from(x);
    const expected = fakeQuantizeUniform(input, params);
    apply(input, 6, params).forEach((value, i) => assertEquals(value + 0, expected[i]));
  }));
});

Deno.test("fakeQuantUniform() refuses NaN, infinity and other channels, and leaves nothing behind", async () => {
  const steps = {
    scale: Float32Array.of(1, 2),
    ...{ shift: new Float32Array(2), low: new Float32Array(2), high: new Float32Array(2) },
  };
  for (const backend of ["agile", "cpu"]) {
    await useBackend(backend);
    for (const [index, strange] of [NaN, Infinity, -Infinity].entries()) {
      const x = tf.tensor2d(Float32Array.from({ length: 6 }, (_, i) => i === index ? strange : i), [
        3,
        2,
      ]);
      assertFreesMemory(() =>
        assertThrows(
          () => fakeQuantUniform(x, steps, "attn.q of layer 3"),
          InputError,
          `Cannot quantize attn.q of layer 3: element ${index} must be finite, got ${strange}`,
        )
      );
      x.dispose();
    }
    const narrow = tf.ones([2, 3]);
    assertThrows(
      () => fakeQuantUniform(narrow, steps, "attn.q"),
      InputError,
      "Cannot quantize attn.q: its last axis must be a multiple of 2 channels, got 3",
    );
    narrow.dispose();
  }
});
