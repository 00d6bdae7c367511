import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { adamW, type AdamWSettings, clipByNorm, zeroMoments } from "../../lib/train/mod.ts";
import { assertFloatsClose, randomFloats } from "../tensor/compare.ts";

const settings: AdamWSettings = { beta1: 0.9, beta2: 0.95, epsilon: 1e-8, weightDecay: 0.1 };

Deno.test("adamW() takes a first step of the learning rate against the gradient, and decays", () => {
  const { values, moments } = adamW(
    Float32Array.of(1, 1, 1),
    Float32Array.of(4, -4, 0),
    zeroMoments(3),
    { ...settings, step: 1, learningRate: 0.1, gradientScale: 0.5 },
  );
  // Decay takes 0.1 * 0.1 * 1; the corrected means are 2 and 4, so that the direction is +-1.
  assertFloatsClose(values, [0.89, 1.09, 0.99], 1e-7);
  assertFloatsClose(moments.first, [0.2, -0.2, 0], 1e-7);
  assertFloatsClose(moments.second, [0.2, 0.2, 0], 1e-7);
});

Deno.test("adamW() takes a second step as computed by hand", () => {
  const { values, moments } = adamW(
    Float32Array.of(2),
    Float32Array.of(1),
    { first: Float32Array.of(0.2), second: Float32Array.of(0.05) },
    {
      beta1: 0.5,
      beta2: 0.75,
      epsilon: 0.5,
      weightDecay: 0,
      step: 2,
      learningRate: 1,
      gradientScale: 1,
    },
  );
  // m = 0.1 + 0.5 = 0.6, corrected 0.6 / 0.75 = 0.8;
  // v = 0.0375 + 0.25 = 0.2875, corrected 0.2875 / 0.4375 = 0.657142857.
  assertFloatsClose(moments.first, [0.6], 1e-7);
  assertFloatsClose(moments.second, [0.2875], 1e-7);
  assertFloatsClose(values, [2 - 0.8 / (Math.sqrt(0.2875 / 0.4375) + 0.5)], 1e-7);
});

Deno.test("adamW() follows a float64 reference for twenty steps", () => {
  const { beta1, beta2, epsilon, weightDecay } = settings;
  const size = 50;
  let values = randomFloats(size, 1);
  let moments = zeroMoments(size);
  const expected = Float64Array.from(values);
  const [m, v] = [new Float64Array(size), new Float64Array(size)];
  for (let step = 1; step <= 20; step++) {
    const gradient = randomFloats(size, 100 + step);
    const learningRate = 0.01 * step;
    for (let i = 0; i < size; i++) {
      const g = 0.3 * gradient[i];
      m[i] = beta1 * m[i] + (1 - beta1) * g;
      v[i] = beta2 * v[i] + (1 - beta2) * g ** 2;
      const corrected = [m[i] / (1 - beta1 ** step), v[i] / (1 - beta2 ** step)];
      const decay = weightDecay * expected[i];
      expected[i] -= learningRate * (corrected[0] / (Math.sqrt(corrected[1]) + epsilon) + decay);
    }
    const given = [values, gradient, moments.first, moments.second];
    const copies = given.map((each) => each.slice());
    const next = adamW(values, gradient, moments, {
      ...settings,
      ...{ step, learningRate, gradientScale: 0.3 },
    });
    assertEquals(given, copies);
    ({ values, moments } = next);
    assertFloatsClose(values, expected, 1e-6);
  }
});

Deno.test("clipByNorm() measures all gradients together", () => {
  const gradients = [Float32Array.of(2, 0, 3), Float32Array.of(-6)];
  assertEquals(clipByNorm(gradients, 1), { norm: 7, scale: 1 / 7 });
  assertEquals(clipByNorm(gradients, 7), { norm: 7, scale: 1 });
  assertEquals(clipByNorm(gradients, 100), { norm: 7, scale: 1 });
  assertEquals(clipByNorm([new Float32Array(3)], 1), { norm: 0, scale: 1 });
});

Deno.test("clipByNorm() scales to at most the limit and never up", () => {
  const gradient = fc.float32Array({ noNaN: true, noDefaultInfinity: true, minLength: 1 });
  const limit = fc.double({ min: 1e-3, max: 1e3, noNaN: true });
  fc.assert(fc.property(gradient, limit, (values, most) => {
    const { norm, scale } = clipByNorm([values], most);
    assert(scale <= 1 && norm * scale <= most * (1 + 1e-12));
  }));
});
