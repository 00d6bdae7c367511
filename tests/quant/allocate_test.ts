import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { InputError, seededRandom } from "../../lib/core/mod.ts";
import { allocate, type StorageChoice } from "../../lib/quant/mod.ts";

type Items = StorageChoice[][];

/** What the chosen ones take and lose. */
function total(items: Items, chosen: readonly number[]): StorageChoice {
  assertEquals(chosen.length, items.length);
  const own = items.map((choices, item) => choices[chosen[item]]);
  const sum = (of: (choice: StorageChoice) => number) =>
    own.reduce((whole, choice) => whole + of(choice), 0);
  return { size: sum(({ size }) => size), cost: sum(({ cost }) => cost) };
}

/** The least cost within a budget, by trying all choices. */
function leastCost(items: Items, budget: number): number {
  if (items.length === 0) return budget < 0 ? Infinity : 0;
  const [first, ...rest] = items;
  return Math.min(
    ...first.map(({ size, cost }) =>
      size > budget ? Infinity : cost + leastCost(rest, budget - size)
    ),
  );
}

/** Whole numbers, so that sums are exact; few of them, so that many choices tie. */
const someItems = fc.array(
  fc.array(fc.record({ size: fc.nat(12), cost: fc.nat(9) }), { minLength: 1, maxLength: 4 }),
  { maxLength: 6 },
);

/** Items, and a budget between the smallest and the largest choices. */
const problem = fc.tuple(someItems, fc.double({ min: 0, max: 1, noNaN: true })).map(
  ([items, share]) => {
    const sizes = (of: (...sizes: number[]) => number) =>
      items.reduce((sum, choices) => sum + of(...choices.map(({ size }) => size)), 0);
    const least = sizes(Math.min);
    return { items, budget: Math.floor(least + share * (sizes(Math.max) - least)) };
  },
);

Deno.test("allocate() loses as little as the best of all choices, and keeps within the budget", () => {
  fc.assert(
    fc.property(problem, ({ items, budget }) => {
      const { size, cost } = total(items, allocate(items, budget));
      assert(size <= budget);
      assertEquals(cost, leastCost(items, budget));
    }),
    { numRuns: 1000 },
  );
});

Deno.test("allocate() loses no more with a larger budget, and never more than one choice for all", () => {
  const choices = fc.tuple(...[1, 2, 3].map(() => fc.double({ min: 0, max: 1, noNaN: true })));
  const items = fc.array(fc.tuple(fc.integer({ min: 1, max: 9 }), choices), {
    minLength: 1,
    maxLength: 40,
  });
  fc.assert(
    fc.property(items, fc.integer({ min: 2, max: 4 }), (drawn, bits) => {
      const matrices = drawn.map(([weights, costs]) =>
        costs.map((cost, index) => ({ size: weights * (index + 2), cost }))
      );
      const uniform = total(matrices, matrices.map(() => bits - 2));
      const allocated = total(matrices, allocate(matrices, uniform.size));
      assert(allocated.size <= uniform.size);
      assert(allocated.cost <= uniform.cost + 1e-9);
      const more = total(matrices, allocate(matrices, uniform.size + 3));
      assert(more.cost <= allocated.cost + 1e-9);
    }),
    { numRuns: 300 },
  );
});

Deno.test("allocate() spends the bits of hundreds of matrices to within the smallest step", () => {
  const random = seededRandom(3);
  const matrices = Array.from({ length: 300 }, () => {
    const weights = [192, 576, 1536][Math.floor(3 * random.uniform())] * 581;
    const loss = random.uniform() ** 4;
    return [2, 3, 4, 5, 6, 7, 8].map((bits) => ({ size: weights * bits, cost: loss * 4 ** -bits }));
  });
  const budget = matrices.reduce((sum, [{ size }]) => sum + 3.5 * size / 2, 0);
  const { size } = total(matrices, allocate(matrices, budget));
  assert(size <= budget && budget - size < 192 * 581);
});

Deno.test("allocate() gives the wider choice to what loses more", () => {
  const item = (loss: number) => [{ size: 2, cost: loss }, { size: 4, cost: loss / 16 }];
  const items = [item(1), item(5), item(3)];
  assertEquals(allocate(items, 6), [0, 0, 0]);
  assertEquals(allocate(items, 8), [0, 1, 0]);
  assertEquals(allocate(items, 11), [0, 1, 1]);
  assertEquals(allocate(items, 12), [1, 1, 1]);
  assertAlmostEquals(total(items, allocate(items, 8)).cost, 1 + 5 / 16 + 3);
});

Deno.test("allocate() refuses a budget below the smallest choices, and what is no number", () => {
  const items = [[{ size: 3, cost: 1 }, { size: 2, cost: 2 }], [{ size: 4, cost: 0 }]];
  const rule = "Cannot allocate a budget: it must hold the smallest choices, which take 6, got 5";
  assertThrows(() => allocate(items, 5), InputError, rule);
  const finite = "Cannot allocate a budget: sizes and costs must be finite, got [1,null]";
  assertThrows(() => allocate([[{ size: 1, cost: NaN }]], 5), InputError, finite);
});
