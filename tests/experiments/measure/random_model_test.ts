import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { randomModel, randomValues } from "../../../experiments/measure/random_model.ts";
import { decodeMatrix } from "../../../lib/format/mod.ts";
import { families } from "../../model/tiny_models.ts";

Deno.test("randomModel() draws the same weights whenever a block is asked for, others in each block", async () => {
  const { source } = randomModel("random", families.opt, "F16");
  const first = await source.layer(0);
  assertEquals(await source.layer(0), first);
  assertNotEquals((await source.layer(1)).up, first.up);
  assertNotEquals(first.query!.weight, first.key!.weight);
  assertEquals(first.up!.weight.byteLength, 2 * 24 * 40);
  assertEquals(decodeMatrix(first.inputNorm!.weight), new Float32Array(24).fill(1));
});

Deno.test("randomValues() repeats a period in long arrays, by its seed", () => {
  const values = randomValues(70_000);
  assertEquals(values.subarray(65521), values.subarray(0, 70_000 - 65521));
  assertEquals(values, randomValues(70_000, 70_000));
  assertNotEquals(values, randomValues(70_000, 1));
  assert(values.every((value) => Math.abs(value) <= 0.5));
});
