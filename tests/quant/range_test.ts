import { assertEquals, assertThrows } from "@std/assert";
import { InputError } from "../../lib/core/mod.ts";
import { mergeRanges, observeRange } from "../../lib/quant/mod.ts";

const x = Float32Array.of(1, -2, 3, 4, 5, -6); // [2, 3] or [3 heads, 2]

Deno.test("observeRange() sees the whole tensor or each channel of the last axis", () => {
  assertEquals(observeRange(x, { channels: 3, granularity: "tensor" }), {
    min: Float32Array.of(-6),
    max: Float32Array.of(5),
    inner: 1,
  });
  assertEquals(observeRange(x, { channels: 3, granularity: "channel" }), {
    min: Float32Array.of(1, -2, -6),
    max: Float32Array.of(4, 5, 3),
    inner: 1,
  });
});

Deno.test("observeRange() sees each head when the channels have inner elements", () => {
  assertEquals(observeRange(x, { channels: 3, granularity: "channel", inner: 2 }), {
    min: Float32Array.of(-2, 3, -6),
    max: Float32Array.of(1, 4, 5),
    inner: 2,
  });
});

Deno.test("observeRange() does not extend an all-positive range to zero", () => {
  const { min } = observeRange(Float32Array.of(2, 3), { channels: 1, granularity: "tensor" });
  assertEquals(min, Float32Array.of(2));
});

for (
  const [what, values, message] of [
    ["NaN", [0, 1, 2, NaN], "Cannot quantize attn.q: element 3 must be finite, got NaN"],
    ["infinity", [0, -Infinity], "Cannot quantize attn.q: element 1 must be finite, got -Infinity"],
    ["an empty tensor", [], "Cannot quantize attn.q: it must hold at least one element, got 0"],
    [
      "a broken row",
      [1, 2, 3],
      "Cannot quantize attn.q: its length must be a multiple of 2 channels x 1 element, got 3",
    ],
  ] as const
) {
  Deno.test(`observeRange() refuses ${what}, naming the tensor`, () => {
    const options = { channels: 2, granularity: "channel", name: "attn.q" } as const;
    assertThrows(() => observeRange(Float32Array.from(values), options), InputError, message);
  });
}

Deno.test("observeRange() refuses NaN and infinity wherever they stand", () => {
  for (const bad of [NaN, Infinity, -Infinity]) {
    for (let index = 0; index < 4; index++) {
      const values = new Float32Array(4).fill(1);
      values[index] = bad;
      assertThrows(
        () => observeRange(values, { channels: 1, granularity: "tensor" }),
        InputError,
        `Cannot quantize tensor: element ${index} must be finite, got ${bad}`,
      );
    }
  }
});

Deno.test("observeRange() refuses half a head", () => {
  assertThrows(
    () => observeRange(new Float32Array(3), { channels: 3, granularity: "channel", inner: 2 }),
    InputError,
    "Cannot quantize tensor: its length must be a multiple of 3 channels x 2 elements, got 3",
  );
});

Deno.test("mergeRanges() covers both ranges", () => {
  const a = { min: Float32Array.of(-1, 2), max: Float32Array.of(3, 4), inner: 1 };
  const b = { min: Float32Array.of(0, -5), max: Float32Array.of(9, 0), inner: 1 };
  assertEquals(mergeRanges(a, b), {
    min: Float32Array.of(-1, -5),
    max: Float32Array.of(9, 4),
    inner: 1,
  });
});

Deno.test("mergeRanges() refuses ranges of different channels", () => {
  const range = (channels: number, inner: number) => ({
    min: new Float32Array(channels),
    max: new Float32Array(channels),
    inner,
  });
  for (const other of [range(1, 1), range(2, 4)]) {
    assertThrows(
      () => mergeRanges(range(2, 1), other),
      InputError,
      "Cannot merge two ranges: both must describe the same channels (count, inner), got [[2,1]",
    );
  }
});
