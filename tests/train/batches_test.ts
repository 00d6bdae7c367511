import { assert, assertEquals, assertNotEquals, assertThrows } from "@std/assert";
import { InputError } from "../../lib/core/mod.ts";
import { drawBatch } from "../../lib/train/mod.ts";

/** A text in which every token tells where it stands. */
const stream = Int32Array.from({ length: 100 }, (_, position) => 1000 + position);
const settings = { batch: 5, window: 8, seed: 3, startToken: 7 };

Deno.test("drawBatch() starts every window with the start token; targets are what follows", () => {
  const { inputs, targets } = drawBatch(stream, settings, 1);
  assertEquals([inputs.length, targets.length], [40, 40]);
  for (let row = 0; row < 40; row += 8) {
    const from = targets[row] - 1000;
    assertEquals(targets.slice(row, row + 8), stream.slice(from, from + 8));
    assertEquals([...inputs.slice(row, row + 8)], [7, ...targets.slice(row, row + 7)]);
  }
});

Deno.test("drawBatch() depends on seed and step alone", () => {
  const first = drawBatch(stream, settings, 12);
  drawBatch(stream, settings, 13);
  assertEquals(drawBatch(stream, settings, 12), first);
  assertNotEquals(drawBatch(stream, settings, 13), first);
  assertNotEquals(drawBatch(stream, { ...settings, seed: 4 }, 12), first);
});

Deno.test("drawBatch() reaches both ends of the text", () => {
  const starts = new Set<number>();
  for (let step = 1; step <= 300; step++) {
    const { targets } = drawBatch(stream, settings, step);
    for (let row = 0; row < 40; row += 8) starts.add(targets[row] - 1000);
  }
  assertEquals(starts.size, 93);
  assert(starts.has(0) && starts.has(92));
});

Deno.test("drawBatch() takes a text of exactly one window, and refuses a shorter one", () => {
  const { targets } = drawBatch(stream.slice(0, 8), { ...settings, batch: 1 }, 1);
  assertEquals(targets, stream.slice(0, 8));
  assertThrows(
    () => drawBatch(stream.slice(0, 7), settings, 1),
    InputError,
    "Cannot draw a batch: the text must have at least 8 tokens, got 7",
  );
});
