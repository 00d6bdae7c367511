import { assert, assertEquals, assertStrictEquals } from "@std/assert";
import { BufferPool } from "../../lib/tensor/buffer_pool.ts";

Deno.test("BufferPool.take() hands a buffer out again once every holder has released it", () => {
  const pool = new BufferPool();
  const { buffer } = pool.take(10000);
  pool.retain(buffer);
  pool.retain(buffer);
  pool.release(buffer);
  assert(pool.take(10000).buffer !== buffer);
  pool.release(buffer);
  assertStrictEquals(pool.take(10000).buffer, buffer);
});

Deno.test("BufferPool.take() shares a buffer between similar lengths", () => {
  const pool = new BufferPool();
  const { buffer } = pool.take(9000);
  pool.retain(buffer);
  pool.release(buffer);
  const array = pool.take(10000);
  assertStrictEquals(array.buffer, buffer);
  assertEquals(array.length, 10000);
});

Deno.test("BufferPool.owns() neither small arrays nor those of others", () => {
  const pool = new BufferPool();
  assert(!pool.owns(pool.take(10).buffer));
  assert(!pool.owns(new Float32Array(10000).buffer));
  assert(pool.owns(pool.take(10000).buffer));
});
