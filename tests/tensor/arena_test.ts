import { assert, assertEquals, assertNotEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { InputError } from "../../lib/core/mod.ts";
import { Arena, blockBytes } from "../../lib/tensor/arena.ts";

Deno.test("Arena.take() hands a block out again for any size of its class", () => {
  const arena = new Arena();
  const address = arena.take(9000, "a test");
  const other = arena.take(9000, "a test");
  arena.give(address);
  assertEquals(arena.take(10000, "a test"), address);
  arena.give(other);
  assertNotEquals(arena.take(8170, "a test"), other);
});

Deno.test("Arena.take() gives aligned blocks with slack behind that never overlap", () => {
  const steps = fc.array(fc.tuple(fc.nat(70000), fc.nat(20)), { maxLength: 60 });
  fc.assert(
    fc.property(steps, (sizes) => {
      const arena = new Arena(64);
      const blocks: { start: number; end: number }[] = [];
      for (const [bytes, victim] of sizes) {
        const start = arena.take(bytes, "a test");
        const end = start + bytes + 16;
        assertEquals(start % 16, 0);
        assertEquals(arena.memory.buffer.byteLength >= end, true);
        assertEquals(blocks.filter((block) => block.start < end && start < block.end), []);
        blocks.push({ start, end });
        if (victim < blocks.length) arena.give(blocks.splice(victim, 1)[0].start);
      }
      for (const { start } of blocks) arena.give(start);
      assertEquals(arena.bytesInUse, 0);
    }),
    { seed: 5, numRuns: 100 },
  );
});

Deno.test("Arena.take() joins neighbours that came back when the memory is exhausted", () => {
  const arena = new Arena(5);
  const blocks = Array.from({ length: 16 }, () => arena.take(16000, "a test"));
  assertThrows(() => arena.take(16000, "a test"), InputError);
  for (const block of [3, 4, 5, 9]) arena.give(blocks[block]);
  assertEquals(arena.take(48000, "a test"), blocks[3]);
  assertEquals(arena.take(16000, "a test"), blocks[9]);
});

Deno.test("Arena.take() cuts large blocks off what came back before it takes new memory", () => {
  const arena = new Arena();
  const [small, large] = [2 ** 20, 2 ** 24];
  const blocks = Array.from({ length: 24 }, () => arena.take(small, "a test"));
  const grown = arena.memory.buffer.byteLength;
  for (const block of blocks) arena.give(block);
  const first = arena.take(large, "a test");
  assertEquals(first, blocks[0]);
  assertEquals(arena.memory.buffer.byteLength, grown);
  arena.take(large, "a test");
  assert(arena.memory.buffer.byteLength > grown);
});

Deno.test("Arena.take() says what does not fit and what is in use", () => {
  const arena = new Arena(2);
  arena.take(1000, "a small thing");
  assertThrows(
    () => arena.take(65536, () => "a float32 tensor of shape [128,128]"),
    InputError,
    "Cannot allocate a float32 tensor of shape [128,128]: " +
      "65536 bytes in one piece must be free beside the 1024 in use, got 64512",
  );
});

Deno.test("Arena.give() refuses what is no block in use", () => {
  const arena = new Arena();
  const address = arena.take(100, "a test");
  arena.give(address);
  assertThrows(() => arena.give(address), Error, `no block in use starts at ${address}`);
});

Deno.test("Arena.scratch() takes its blocks back when the work fails", () => {
  const arena = new Arena();
  const fail = () => {
    throw new Error("on purpose");
  };
  assertThrows(() => arena.scratch([100, 200], fail), Error, "on purpose");
  assertEquals(arena.bytesInUse, 0);
  assertEquals(arena.scratch([100, 200], (a, b) => b - a), 128);
});

Deno.test("Arena.view() stays valid when the memory grows", () => {
  const arena = new Arena();
  const address = arena.take(64, "a test");
  const view = arena.view(Float32Array, address, 16);
  view.fill(3);
  arena.take(2 ** 27, "growth");
  arena.view(Float32Array, address, 16)[15] = 4;
  assertEquals([view[0], view[15]], [3, 4]);
});

Deno.test("blockBytes() is what a block takes: its bytes, slack, and at most a quarter more", () => {
  fc.assert(fc.property(fc.nat(2 ** 20), (bytes) => {
    const arena = new Arena();
    const free = arena.bytesFree;
    arena.take(bytes, "a test");
    const block = blockBytes(bytes);
    assertEquals([arena.bytesInUse, free - arena.bytesFree], [block, block]);
    assertEquals(block % 16, 0);
    assert(block >= bytes + 16 && block <= 1.25 * (bytes + 16) + 16);
  }));
});
