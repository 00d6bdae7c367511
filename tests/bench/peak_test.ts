import { assertEquals } from "@std/assert";
import * as loops from "../../bench/peak.wasm";

for (
  const [name, loop] of [["float32Simd", loops.float32Simd], [
    "float32Relaxed",
    loops.float32Relaxed,
  ]] as const
) {
  Deno.test(`${name}() takes every step in all 48 sums`, () => {
    const afterStep = [0.5, 0.75, 0.875];
    assertEquals([0, 1, 2].map((steps) => loop(steps, 0.5) / 48), afterStep);
  });
}

Deno.test("int8Simd() adds a pair of products to each of 48 sums", () => {
  // The first sums are pairs of 16-bit ones, seen as 32-bit integers.
  const pair = 2 ** 16 + 1;
  assertEquals([0, 1].map((steps) => loops.int8Simd(steps, 1) / 48), [pair, 2 + pair]);
});

Deno.test("int8Relaxed() adds four products to each of 48 sums", () => {
  const four = 2 ** 24 + 2 ** 16 + 2 ** 8 + 1;
  const sums = [0, 1].map((steps) => loops.int8Relaxed(steps, 1));
  assertEquals(sums, [four, four + 4].map((sum) => Math.fround((48 * sum) | 0)));
});
