import { assertEquals } from "@std/assert";
import type { AgileBackend } from "../../../lib/tensor/agile.ts";
import { withCopies } from "../../../lib/tensor/ops/scratch_copies.ts";
import { tf, useBackend } from "../../../lib/tensor/mod.ts";

Deno.test("withCopies() lends copies of arrays, and 0 for those that are not there", async () => {
  await useBackend("agile");
  const backend = tf.backend() as AgileBackend;
  const floats = Float32Array.of(0, 1.5, -2).subarray(1);
  const integers = Int32Array.of(3, 4, 5);
  const free = backend.simd.arena.bytesFree;
  const seen = withCopies(backend, [undefined, floats, undefined, integers], (...addresses) => {
    assertEquals([addresses[0], addresses[2]], [0, 0]);
    return [
      [...backend.view(Float32Array, addresses[1], 2)],
      [...backend.view(Int32Array, addresses[3], 3)],
    ];
  });
  assertEquals(seen, [[1.5, -2], [3, 4, 5]]);
  assertEquals(backend.simd.arena.bytesFree, free);
});
