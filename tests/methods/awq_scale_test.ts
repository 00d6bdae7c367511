import { assertAlmostEquals, assertEquals, assertRejects } from "@std/assert";
import fc from "fast-check";
import { InputError } from "../../lib/core/mod.ts";
import { decodeMatrix } from "../../lib/format/mod.ts";
import {
  divideColumns,
  divideOutputs,
  multiplyColumns,
  searchAwqScale,
} from "../../lib/methods/awq_scale.ts";
import { quantizeAwq } from "../../lib/methods/awq_weight.ts";
import { weightOf } from "./awq_support.ts";

Deno.test("searchAwqScale() divides powers of the magnitudes by the mean of their extremes", async () => {
  const map = weightOf(Float32Array.of(1, -1, 0.5), 1, 3, 3);
  const tried: Float32Array[][] = [];
  const lossOf = (each: Float32Array[]) => {
    tried.push(each);
    // The first of equal ones wins.
    return Promise.resolve(tried.length === 11 || tried.length === 13 ? 1 : 2);
  };
  const magnitudes = Float32Array.of(16, 1, 0);
  const { scale, ratio, losses } = await searchAwqScale(magnitudes, [map, map], lossOf);
  assertEquals([ratio, losses.length, losses[10]], [0.5, 20, 1]);
  const middle = Math.sqrt(4 * 1e-4);
  [4, 1, 1e-4].forEach((each, i) => assertAlmostEquals(scale[i], each / middle, 1e-4));
  assertEquals(tried.map((each) => each.length), Array(20).fill(2));
  assertEquals(tried[0][0], tried[0][1]);
  assertEquals(tried[0][0], decodeMatrix(quantizeAwq(map)));
  const values = multiplyColumns(map.values, scale);
  const rounded = decodeMatrix(quantizeAwq({ ...map, values }));
  assertEquals(tried[10][0], divideColumns(rounded, scale));
});

Deno.test("searchAwqScale() refuses where no loss is a number", async () => {
  const map = { ...weightOf(Float32Array.of(1, 2), 1, 2, 2), name: "gate" };
  const maps = [map, { ...map, name: "up" }];
  await assertRejects(
    () => searchAwqScale(Float32Array.of(1, 1), maps, () => Promise.resolve(NaN)),
    InputError,
    "Cannot scale gate and up: the loss of some ratio must be a number, got NaN",
  );
});

Deno.test("divideColumns(), multiplyColumns() and divideOutputs() move a scale from map to map", () => {
  const values = fc.array(fc.integer({ min: -50, max: 50 }), { minLength: 12, maxLength: 12 });
  const powers = fc.array(fc.constantFrom(0.25, 0.5, 1, 2, 8), { minLength: 3, maxLength: 3 });
  fc.assert(fc.property(values, values, powers, (first, second, scales) => {
    const scale = Float32Array.from(scales);
    const [before, after] = [Float32Array.from(first), Float32Array.from(second)];
    const product = (left: Float32Array, right: Float32Array) =>
      // [4, 3] x [3, 4]
      Array.from({ length: 16 }, (_, i) =>
        [0, 1, 2].reduce((sum, k) =>
          sum + left[(i >> 2) * 3 + k] * right[k * 4 + i % 4], 0));
    const folded = product(multiplyColumns(after, scale), divideOutputs(before, scale));
    assertEquals(folded, product(after, before));
    assertEquals(divideColumns(multiplyColumns(after, scale), scale), after);
  }));
});
