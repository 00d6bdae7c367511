import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { InputError, seededRandom } from "../../lib/core/mod.ts";
import {
  pruningRatio,
  pruningSchedule,
  scheduledTokens,
  sparsity,
  survivors,
} from "../../lib/tokens/mod.ts";

Deno.test("pruningRatio() of one layer is beta, of no pruning is 0", () => {
  assertAlmostEquals(pruningRatio(0.3, 1), 0.3, 1e-15);
  assertEquals(pruningRatio(0, 5), 0);
  assertAlmostEquals(pruningRatio(0.75, 2), 0.5, 1e-15);
});

Deno.test("pruningSchedule() leaves about (1 - beta) of the tokens after its last layer", () => {
  const plan = fc.record({
    tokens: fc.integer({ min: 1, max: 400 }),
    beta: fc.double({ min: 0, max: 0.95, noNaN: true }),
    layers: fc.uniqueArray(fc.nat(31), { minLength: 1, maxLength: 8 }),
  });
  fc.assert(fc.property(plan, ({ tokens, beta, layers }) => {
    const random = seededRandom(tokens);
    const schedule = pruningSchedule({ beta, layers: layers.sort((a, b) => a - b) });
    let left = tokens;
    for (const ratio of schedule.values()) {
      left = survivors(Float32Array.from({ length: left }, random.uniform), ratio).length;
    }
    const target = (1 - beta) * tokens;
    assert(left >= target - 1e-9 && left < target + layers.length + 1e-9, `${left}, not ${target}`);
  }));
});

Deno.test("pruningSchedule() gives every pruning layer the same ratio", () => {
  const schedule = pruningSchedule({ beta: 0.75, layers: [3, 9] });
  assertEquals([...schedule.keys()], [3, 9]);
  assertEquals(new Set(schedule.values()), new Set([pruningRatio(0.75, 2)]));
  assertEquals(pruningSchedule({ beta: 0, layers: [] }).size, 0);
});

Deno.test("pruningSchedule() refuses a beta out of range and layers out of order", () => {
  const refusals: [number, number[], string][] = [
    [1, [1], "beta must lie in [0, 1), got 1"],
    [NaN, [1], "beta must lie in [0, 1), got NaN"],
    [0.5, [], "layers must be 1 or more, got 0"],
    [0.5, [2, 2], "layers must be ascending integers from 0, got [2,2]"],
    [0.5, [3, 1], "layers must be ascending integers from 0, got [3,1]"],
    [0.5, [-1], "layers must be ascending integers from 0, got [-1]"],
    [0.5, [1.5], "layers must be ascending integers from 0, got [1.5]"],
  ];
  for (const [beta, layers, message] of refusals) {
    assertThrows(
      () => pruningSchedule({ beta, layers }),
      InputError,
      `Cannot schedule pruning: ${message}`,
    );
  }
});

Deno.test("sparsity() is the share of token computations saved", () => {
  assertEquals(sparsity([40, 40], 40), 0);
  assertEquals(sparsity([40, 30, 30, 20], 40), 0.25);
});

Deno.test("scheduledTokens() is what survivors() leaves layer by layer", () => {
  const ratios = pruningSchedule({ beta: 0.6, layers: [1, 3] });
  let left = 77;
  const expected = [0, 1, 2, 3].map((layer) => {
    left = survivors(new Float32Array(left), ratios.get(layer) ?? 0).length;
    return left;
  });
  assertEquals(scheduledTokens(77, 4, ratios), expected);
});
