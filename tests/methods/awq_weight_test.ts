import { assertAlmostEquals, assertEquals, assertRejects, assertThrows } from "@std/assert";
import fc from "fast-check";
import { InputError } from "../../lib/core/mod.ts";
import { decodeMatrix } from "../../lib/format/mod.ts";
import { searchAwqClip } from "../../lib/methods/awq_clip.ts";
import { searchAwqScale } from "../../lib/methods/awq_scale.ts";
import { type AwqWeight, quantizeAwq } from "../../lib/methods/awq_weight.ts";
import { assertSameNumbers } from "../quant/support.ts";
import { golden, weightOf } from "./awq_support.ts";

Deno.test("quantizeAwq() equals the reference, where a group's range lacks 0 too", () => {
  const { shape, floats } = golden("awq/awq.safetensors");
  const [rows, columns] = shape("round.weight");
  for (const groupSize of [32, 128]) {
    const id = `round.g${groupSize}`;
    const matrix = quantizeAwq(weightOf(floats("round.weight"), rows, columns, groupSize));
    assertSameNumbers(matrix.readCodes(), floats(`${id}.codes`), `${id} codes`);
    assertSameNumbers(matrix.scale, floats(`${id}.scale`), `${id} scale`);
    assertSameNumbers(matrix.zeroPoints(), floats(`${id}.zero`), `${id} zero point`);
  }
});

Deno.test("quantizeAwq() lets a group far from 0 saturate and gives a constant one a small step", () => {
  const matrix = quantizeAwq({ ...weightOf([7, 10, -10, -7, 0], 1, 5, 2), bits: 2 });
  assertEquals(matrix.scale, Float32Array.of(1, 1, Math.fround(1e-5) / 3));
  assertEquals(matrix.zeroPoints(), Uint8Array.of(0, 3, 0));
  assertEquals(matrix.readCodes(), Uint8Array.of(3, 3, 0, 0, 0));
  assertEquals(matrix.groupIndex, Int32Array.of(0, 0, 1, 1, 2));
});

Deno.test("quantizeAwq() holds scales as they are rounded", () => {
  const weight = weightOf([0, 1, 2, 0], 1, 4, 2);
  assertEquals(quantizeAwq(weight).scale, Float32Array.of(1 / 15, 2 / 15));
  const halves = quantizeAwq({ ...weight, scaleDtype: "F16" }).scale;
  assertEquals(halves, Float16Array.of(1 / 15, 2 / 15));
});

Deno.test("quantizeAwq() is off by half a step at most where the range contains 0", () => {
  const weights = fc.array(fc.float({ min: -100, max: 100, noNaN: true }), {
    minLength: 1,
    maxLength: 30,
  });
  fc.assert(fc.property(weights, fc.integer({ min: 2, max: 8 }), (inner, bits) => {
    const values = [-1, ...inner, 1];
    const matrix = quantizeAwq({ ...weightOf(values, 1, values.length, values.length), bits });
    const decoded = decodeMatrix(matrix);
    values.forEach((each, i) => assertAlmostEquals(decoded[i], each, 0.5001 * matrix.scale[0]));
  }));
});

for (
  const [what, values, change, message] of [
    ["a wrong shape", [1, 2, 3], {}, "it must hold 1 x 2 values, got 3"],
    ["infinity", [1, Infinity], {}, "element 1 must be finite, got Infinity"],
    ["a range beyond float32", [-3e38, 3e38], {}, "the width of its range must fit float32"],
    ["9 bits", [1, 2], { bits: 9 }, "bits must be an integer in 2..8, got 9"],
    ["groups of 0", [1, 2], { groupSize: 0 }, "groupSize must be a positive integer"],
  ] as const
) {
  Deno.test(`quantizeAwq() and the searches refuse ${what}`, async () => {
    const weight: AwqWeight = {
      ...weightOf(Float32Array.from(values), 1, 2, 2),
      name: "up of layer 3",
      ...change,
    };
    const rule = `Cannot quantize up of layer 3: ${message}`;
    assertThrows(() => quantizeAwq(weight), InputError, rule);
    assertThrows(() => searchAwqClip(weight, Float32Array.of(1, 1)), InputError, rule);
    const ones = Float32Array.of(1, 1);
    const search = () => searchAwqScale(ones, [weight], () => Promise.resolve(0));
    await assertRejects(search, InputError, rule);
  });
}
