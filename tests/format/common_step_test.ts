import { assertEquals, assertThrows } from "@std/assert";
import { InputError, seededRandom } from "../../lib/core/mod.ts";
import { commonStep, finestStep } from "../../lib/format/mod.ts";
import { observeRange, searchTrip, uniformGrid } from "../../lib/quant/mod.ts";

const random = seededRandom(1);
const x = Float32Array.from({ length: 64 * 6 }, (_, i) => random.normal() * 10 ** (i % 6 / 2));

Deno.test("commonStep() reads TRIP's powers of two", () => {
  const params = searchTrip(x, { channels: 6, bits: 8, K: 3 });
  const { step, zeroPoint, shift } = commonStep(params, 6, "x");
  assertEquals(
    shift.map((power) => power - shift[0]),
    params.alpha.map((a) => a - params.alpha[0]),
  );
  assertEquals(Float32Array.from(shift, (power) => step * 2 ** power), params.scale);
  assertEquals(zeroPoint, params.zeroPoint[0]);
});

Deno.test("commonStep() gives one range shifts of 0 and counts zero from the lowest code", () => {
  const range = observeRange(x, { channels: 6, granularity: "tensor" });
  for (const signed of [false, true]) {
    const params = uniformGrid(range, { bits: 8, signed });
    const { step, zeroPoint, shift } = commonStep(params, 6, "x");
    assertEquals([step, ...shift], [params.scale[0], 0, 0, 0, 0, 0, 0]);
    assertEquals(zeroPoint, params.zeroPoint[0] + (signed ? 128 : 0));
  }
});

Deno.test("commonStep() gives the channels of a head the head's power", () => {
  const range = { min: Float32Array.of(-1, -4), max: Float32Array.of(1, 4), inner: 3 };
  const params = uniformGrid(range, { bits: 8, signed: true, profile: "released" });
  assertEquals([...commonStep(params, 6, "x").shift], [0, 0, 0, 2, 2, 2]);
});

Deno.test("commonStep() refuses steps that are no powers of two apart, and several zero points", () => {
  const range = { min: Float32Array.of(-1, -1), max: Float32Array.of(1, 1), inner: 1 };
  const params = uniformGrid(range, { bits: 8 });
  const stepRule = "its steps must be one step times powers of two, as those of TRIP are";
  for (const factor of [3, 512]) {
    for (const scale of [[2, 2 * factor], [factor, 1]]) {
      assertThrows(
        () => commonStep({ ...params, scale: Float32Array.from(scale) }, 2, "attn.input"),
        InputError,
        `Cannot multiply attn.input in integers: ${stepRule}, got ${factor}`,
      );
    }
  }
  const farthest = { ...params, scale: Float32Array.of(1, 256) };
  assertEquals(commonStep(farthest, 2, "attn.input").shift, Uint8Array.of(0, 8));
  assertThrows(
    () => commonStep({ ...params, zeroPoint: Int32Array.of(0, 255) }, 2, "attn.input"),
    InputError,
    "Cannot multiply attn.input in integers: its channels must share a zero point, got [0,255]",
  );
});

Deno.test("finestStep() is what all steps are times powers of two", () => {
  const grid = uniformGrid({ min: Float32Array.of(-1), max: Float32Array.of(1), inner: 1 }, {
    bits: 8,
  });
  const of = (...scale: number[]) => finestStep({ ...grid, scale: Float32Array.from(scale) });
  assertEquals(of(0.75), 0.75);
  assertEquals(of(3, 0.75, 1.5), 0.75);
  assertEquals(of(3, 1), undefined);
});
