import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import fc from "fast-check";
import { seededRandom } from "../../lib/core/mod.ts";
import { Choices } from "../../lib/corpus/mod.ts";

const fresh = (seed = 1) => new Choices(seededRandom(seed));

Deno.test("Choices.nats is 0 before any choice and after choices without alternatives", () => {
  const choices = fresh();
  assertEquals(choices.nats, 0);
  choices.pick(["only"]);
  choices.integer(7, 7);
  choices.coin(1);
  choices.weighted([0, 3, 0]);
  choices.subset([1, 2], 2);
  assertEquals(choices.nats, 0);
});

Deno.test("Choices.nats of two fair coins is 2 ln 2", () => {
  const choices = fresh();
  choices.coin(0.5);
  choices.coin(0.5);
  assertAlmostEquals(choices.nats, 2 * Math.LN2, 1e-12);
});

Deno.test("Choices.nats adds -ln p of what was drawn", () => {
  fc.assert(fc.property(
    fc.integer({ min: 0, max: 2 ** 32 - 1 }),
    fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 6 }),
    (seed, weights) => {
      const choices = fresh(seed);
      const heads = choices.coin(0.3);
      const index = choices.weighted(weights);
      choices.integer(-2, 7);
      const total = weights.reduce((sum, weight) => sum + weight, 0);
      const probability = (heads ? 0.3 : 0.7) * weights[index] / total / 10;
      assertAlmostEquals(choices.nats, -Math.log(probability), 1e-12);
    },
  ));
});

Deno.test("Choices.subset() keeps the order and costs ln of the number of subsets", () => {
  const choices = fresh();
  const subset = choices.subset(["a", "b", "c", "d", "e"], 2);
  assertEquals(subset, subset.toSorted());
  assertEquals(new Set(subset).size, 2);
  assertAlmostEquals(choices.nats, Math.log(10), 1e-12);
});

Deno.test("Choices.subset() takes all items when there are too few", () => {
  assertEquals(fresh().subset([1, 2, 3], 9), [1, 2, 3]);
});

Deno.test("Choices.weighted() draws in proportion to the weights", () => {
  const choices = fresh(5);
  const counts = [0, 0, 0];
  for (let draw = 0; draw < 6000; draw++) counts[choices.weighted([1, 0, 2])]++;
  assertEquals(counts[1], 0);
  assert(Math.abs(counts[0] - 2000) < 200, `${counts}`);
});
