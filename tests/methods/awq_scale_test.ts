import { assertAlmostEquals, assertEquals, assertRejects } from "@std/assert";
import { InputError } from "../../lib/core/mod.ts";
import { decodeMatrix } from "../../lib/format/mod.ts";
import { searchAwqScale } from "../../lib/methods/awq_scale.ts";
import { quantizeAwq } from "../../lib/methods/awq_weight.ts";
import { divideColumns, multiplyColumns } from "../../lib/methods/fold_scale.ts";
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
