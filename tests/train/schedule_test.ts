import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { learningRate, type Schedule } from "../../lib/train/mod.ts";

const schedule: Schedule = { peak: 1, floor: 0.2, warmupSteps: 10, steps: 50 };

Deno.test("learningRate() rises linearly to the peak", () => {
  assertEquals([1, 5, 10].map((step) => learningRate(schedule, step)), [0.1, 0.5, 1]);
});

Deno.test("learningRate() falls along half a cosine to the floor", () => {
  assertAlmostEquals(learningRate(schedule, 30), 0.6, 1e-12); // half way
  assertAlmostEquals(learningRate(schedule, 20), 0.6 + 0.4 * Math.SQRT1_2, 1e-12);
  assertAlmostEquals(learningRate(schedule, 50), 0.2, 1e-12);
  for (let step = 11; step <= 50; step++) {
    assert(learningRate(schedule, step) < learningRate(schedule, step - 1));
  }
});

Deno.test("learningRate() stays at the floor after the last step", () => {
  assertAlmostEquals(learningRate(schedule, 80), 0.2, 1e-12);
});

Deno.test("learningRate() does without warm-up, or with nothing else", () => {
  assert(learningRate({ ...schedule, warmupSteps: 0 }, 1) < 1);
  assertEquals(learningRate({ ...schedule, warmupSteps: 50 }, 50), 1);
});
