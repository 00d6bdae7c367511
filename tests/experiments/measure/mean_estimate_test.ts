import { assert, assertEquals, assertThrows } from "@std/assert";
import { meanEstimate, ratioOfMeans } from "../../../experiments/measure/mean_estimate.ts";
import { InputError } from "../../../lib/core/mod.ts";

const values = [1, 2, 4, 9];

Deno.test("meanEstimate() is the mean between the least and the largest value", () => {
  const { value, low, high } = meanEstimate(values);
  assertEquals(value, 4);
  assert(1 < low! && low! < 4 && 4 < high! && high! < 9, `${low}..${high}`);
  assertEquals(meanEstimate([7]), { value: 7 });
});

Deno.test("ratioOfMeans() draws windows in pairs: what is proportional has no spread", () => {
  const doubled = values.map((value) => 2 * value);
  assertEquals(ratioOfMeans(doubled, values), { value: 2, low: 2, high: 2 });
  assertEquals(ratioOfMeans(values, [6, 4, 2, 4]).value, 1);
  assert(ratioOfMeans(values, [6, 4, 2, 4]).high! > 1.5);
});

Deno.test("ratioOfMeans() is of the means, not a mean of ratios", () => {
  assertEquals(ratioOfMeans([1, 5], [2, 1]).value, 2);
});

Deno.test("ratioOfMeans() gives a single window no interval, and refuses unpaired ones", () => {
  assertEquals(ratioOfMeans([3], [2]), { value: 1.5 });
  assertThrows(
    () => ratioOfMeans(values, [1, 2]),
    InputError,
    "Cannot compare windows in pairs: there must be 4 values on both sides, got 2",
  );
});
