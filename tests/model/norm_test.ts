import { assertEquals, assertThrows } from "@std/assert";
import { encodeFloats, floatMatrix } from "../../lib/format/mod.ts";
import { makeNorm, normalize } from "../../lib/model/mod.ts";
import { openNorm } from "../../lib/model/norm.ts";
import { tensorData, tf, tidy } from "../../lib/tensor/mod.ts";
import { assertFloatsClose, randomFloats } from "../tensor/compare.ts";
import { families } from "./tiny_models.ts";

const channels = 24;
const values = randomFloats(3 * channels, 1).map((value) => 2 * value + 1);
const gain = randomFloats(channels, 2);
const bias = randomFloats(channels, 3);

/** Each row in float64. */
function slowly(row: (x: number[]) => number[]): number[] {
  return [0, 1, 2].flatMap((at) => row([...values.subarray(at * channels, (at + 1) * channels)]));
}

const mean = (x: number[]) => x.reduce((sum, each) => sum + each, 0) / x.length;

for (const normEpsilon of [1e-5, 0.5]) {
  Deno.test(`normalize() is the norm of the architecture, epsilon ${normEpsilon}`, () => {
    tidy(() => {
      const value = tf.tensor2d(values, [3, channels]);
      const norm = makeNorm(tf.tensor1d(gain), tf.tensor1d(bias));
      const rms = normalize({ ...families.llama, normEpsilon }, makeNorm(norm.gain), value);
      assertFloatsClose(
        tensorData(rms),
        slowly((x) => {
          const size = Math.sqrt(mean(x.map((each) => each ** 2)) + normEpsilon);
          return x.map((each, i) => each / size * gain[i]);
        }),
        1e-6,
      );
      const layer = normalize({ ...families.opt, normEpsilon }, norm, value);
      assertFloatsClose(
        tensorData(layer),
        slowly((x) => {
          const middle = mean(x);
          const deviation = Math.sqrt(mean(x.map((each) => (each - middle) ** 2)) + normEpsilon);
          return x.map((each, i) => (each - middle) / deviation * gain[i] + bias[i]);
        }),
        1e-6,
      );
      assertEquals([rms.shape, layer.shape], [[3, channels], [3, channels]]);
    });
  });
}

Deno.test("openNorm() has gain and bias as vectors, until it is disposed of", () => {
  const before = tf.memory().numTensors;
  const gain = Float32Array.of(1, 2.5, -3);
  const weight = floatMatrix("BF16", encodeFloats(gain, "BF16"), 1, 3);
  const bias = Float32Array.of(4, 5, 6);
  const norm = tidy(() => openNorm({ weight, bias }));
  assertEquals(norm.gain.shape, [3]);
  assertEquals(tensorData(norm.gain), gain);
  assertEquals(tensorData(norm.bias!), bias);
  const plain = openNorm({ weight });
  assertEquals(plain.bias, undefined);
  norm[Symbol.dispose]();
  plain[Symbol.dispose]();
  assertEquals(tf.memory().numTensors, before);
});

Deno.test("openNorm() keeps nothing where its bias is refused", () => {
  const before = tf.memory().numTensors;
  const weight = floatMatrix("F32", new Float32Array(3), 1, 3);
  assertThrows(() => openNorm({ weight, bias: "none" as unknown as Float32Array }));
  assertEquals(tf.memory().numTensors, before);
});
