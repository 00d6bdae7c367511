import { assert, assertEquals, assertThrows } from "@std/assert";
import { InputError } from "../../lib/core/mod.ts";
import type { AgileBackend } from "../../lib/tensor/agile.ts";
import { freeBytes, heldTensor, holdNumbers, tf, useBackend } from "../../lib/tensor/mod.ts";

Deno.test("holdNumbers() takes memory of the tensors, which comes back once", async () => {
  await useBackend("agile");
  const free = freeBytes();
  const held = holdNumbers(new Int8Array(), 1000, "codes");
  assertEquals(held.values.length, 1000);
  assert(freeBytes() <= free - 1000);
  held[Symbol.dispose]();
  held[Symbol.dispose]();
  assertEquals(freeBytes(), free);
});

Deno.test("heldTensor() lends the first numbers without a copy", async () => {
  await useBackend("agile");
  using held = holdNumbers(new Float32Array(), 8, "floats");
  held.values.set([1, 2, 3, 4, 5, 6, 7, 8]);
  const free = freeBytes();
  const tensor = heldTensor(held, [3, 2]);
  assertEquals((tf.backend() as AgileBackend).addressOf(tensor), held.address);
  assertEquals(tensor.dataSync(), Float32Array.of(1, 2, 3, 4, 5, 6));
  const twice = tf.mul(tensor, 2);
  assertEquals(twice.dataSync(), Float32Array.of(2, 4, 6, 8, 10, 12));
  tf.dispose([tensor, twice]);
  assertEquals(freeBytes(), free);
  assertEquals(held.values[5], 6);
});

Deno.test("holdNumbers() and heldTensor() do with any backend", async () => {
  await useBackend("cpu");
  using held = holdNumbers(new Float32Array(), 4, "floats");
  assertEquals(held.address, undefined);
  held.values.set([1, 2, 3, 4]);
  const tensor = heldTensor(held, [2]);
  assertEquals(tensor.dataSync(), Float32Array.of(1, 2));
  tensor.dispose();
  await useBackend("agile");
});

Deno.test("holdNumbers() says what has no room", async () => {
  await useBackend("agile");
  assertThrows(
    () => holdNumbers(new Float32Array(), 2 ** 30, "room for cached keys of layer 2"),
    InputError,
    "Cannot allocate room for cached keys of layer 2: 4294967296 bytes in one piece must be free",
  );
});
