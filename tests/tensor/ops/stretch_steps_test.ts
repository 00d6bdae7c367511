import { assertEquals, assertThrows } from "@std/assert";
import { InputError } from "../../../lib/core/mod.ts";
import { commonBounds, stretch } from "../../../lib/tensor/ops/stretch_steps.ts";

/** Two channels with the bounds of signed codes of 4 bits, the code of zero being -3. */
const steps = {
  scale: Float32Array.of(1, 2),
  shift: Float32Array.of(-3, -3),
  low: Float32Array.of(-8, -8),
  high: Float32Array.of(7, 7),
};

Deno.test("commonBounds() counts the code of zero from the lowest code", () => {
  assertEquals(commonBounds(steps, "multiply"), { shift: -3, low: -8, high: 7, zeroPoint: 5 });
});

Deno.test("commonBounds() refuses channels of unlike bounds or shifts", () => {
  for (const change of [{ low: Float32Array.of(-8, -7) }, { shift: Float32Array.of(0, -3) }]) {
    assertThrows(
      () => commonBounds({ ...steps, ...change }, "multiply up in integers"),
      InputError,
      "Cannot multiply up in integers: its channels must share a zero point, got [-8,",
    );
  }
});

Deno.test("stretch() repeats each value for the elements of its channel", () => {
  assertEquals(stretch(steps.scale, new Float32Array(6)), Float32Array.of(1, 1, 1, 2, 2, 2));
  assertEquals(stretch(Float32Array.of(7), new Float32Array(3)), Float32Array.of(7, 7, 7));
  assertEquals(stretch(steps.scale, new Float32Array(2)), steps.scale);
});
