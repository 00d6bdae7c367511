import { assertEquals } from "@std/assert";
import { seededRandom } from "../../lib/core/mod.ts";
import { decodeMatrix, fixedMatrix } from "../../lib/format/mod.ts";
import { denseMapOf, fixedMap } from "../../lib/linear/mod.ts";
import { quantizeDynamicFixed } from "../../lib/quant/mod.ts";
import { tensorData, tf, useBackend } from "../../lib/tensor/mod.ts";

await useBackend("agile");

Deno.test("fixedMap() multiplies integers of its input, adds the bias and follows with ReLU", () => {
  const random = seededRandom(1);
  const normal = (length: number) => Float32Array.from({ length }, () => random.normal());
  const { codes, exponent } = quantizeDynamicFixed(normal(6 * 40));
  const weight = fixedMatrix(codes, exponent, 6, 40);
  const bias = Float32Array.of(0.5, -0.25, 0, 1, 2, -3);
  const x = normal(3 * 40);
  const { numTensors } = tf.memory();
  {
    using map = fixedMap(weight, bias, 32);
    using dense = denseMapOf(weight, bias);
    tf.tidy(() => {
      const input = tf.tensor2d(x, [3, 40]);
      const activation = "relu";
      const [output, close] = [map, dense].map((each) =>
        tensorData(each.apply(input, { activation }))
      );
      const error = Math.max(...output.map((value, i) => Math.abs(value - close[i])));
      assertEquals([error < 2e-3, output.some((value) => value > 0)], [true, true]);
      const all = tensorData(map.apply(input));
      assertEquals(output, all.map((value) => Math.max(value, 0)));
    });
    assertEquals(map.byteLength, weight.byteLength + 24);
  }
  assertEquals(tf.memory().numTensors, numTensors);
  assertEquals(decodeMatrix(weight).length, 240);
});
