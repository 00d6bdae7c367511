import { assertEquals, assertThrows } from "@std/assert";
import { InputError } from "../../lib/core/mod.ts";
import { channelExtremes, channelPersistence } from "../../lib/quant/mod.ts";

const x = Float32Array.of(1, -8, 0, -2, 6, 1, 0.5, 7, -1, 1, -9, 0);

Deno.test("channelExtremes() finds the largest |x| of each channel and how far they spread", () => {
  assertEquals(channelExtremes(x, 3), {
    maxima: Float32Array.of(2, 9, 1),
    typical: 2,
    spread: 4.5,
  });
});

Deno.test("channelExtremes() looks at the first token too", () => {
  assertEquals(channelExtremes(Float32Array.of(-4, 1, 2, 3), 2).maxima, Float32Array.of(4, 3));
});

Deno.test("channelPersistence() counts the tokens in which a channel exceeds the threshold", () => {
  assertEquals(channelPersistence(x, 3, 6), Float32Array.of(0, 0.75, 0));
  assertEquals(channelPersistence(x, 3, 0), Float32Array.of(1, 1, 0.5));
});

Deno.test("channelExtremes() and channelPersistence() refuse half a row and a negative threshold", () => {
  const message = "its length must be a multiple of 5 channels x 1 element, got 12";
  assertThrows(() => channelExtremes(x, 5), InputError, message);
  assertThrows(() => channelPersistence(x, 5, 1), InputError, message);
  assertThrows(
    () => channelPersistence(x, 3, -1),
    InputError,
    "Cannot find outlier channels: threshold must be 0 or more, got -1",
  );
});

Deno.test("channelExtremes() takes more channels than one call has arguments", () => {
  const row = new Float32Array(300_000).fill(2);
  row[7] = -6;
  assertEquals(channelExtremes(row, row.length).spread, 3);
});
