import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import {
  manyActivations,
  sampleActivations,
} from "../../../experiments/measure/sample_activations.ts";

const shape = { tokens: 4096, channels: 3, outlier: 10, seed: 0 };

Deno.test("sampleActivations() has one wide channel, the others of deviation 1", () => {
  const x = sampleActivations(shape);
  const deviation = (channel: number) => {
    const values = x.filter((_, i) => i % 3 === channel);
    return Math.sqrt(values.reduce((sum, value) => sum + value * value, 0) / values.length);
  };
  assertAlmostEquals(deviation(0), 10, 0.4);
  assertAlmostEquals(deviation(1), 1, 0.04);
  assertAlmostEquals(deviation(2), 1, 0.04);
});

Deno.test("manyActivations() have a seed each", () => {
  const small = { ...shape, tokens: 4 };
  assertEquals(manyActivations(small, 2), [
    sampleActivations(small),
    sampleActivations({ ...small, seed: 1 }),
  ]);
});

Deno.test("sampleActivations() follow from the seed", () => {
  assertEquals(sampleActivations(shape), sampleActivations(shape));
  assert(sampleActivations(shape)[0] !== sampleActivations({ ...shape, seed: 1 })[0]);
});
