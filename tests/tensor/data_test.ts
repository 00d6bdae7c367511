import { assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import { InputError } from "../../lib/core/mod.ts";
import { tensorData, tf, useBackend } from "../../lib/tensor/mod.ts";
import { randomTensor } from "./compare.ts";

Deno.test("tensorData() is the storage of an agile tensor, and dataSync() a copy that lasts", async () => {
  await useBackend("agile");
  const x = tf.add(randomTensor([100, 100], 1), 1);
  assertStrictEquals(tensorData(x), tensorData(x));
  const copy = x.dataSync();
  assertEquals(copy, tensorData(x));
  const expected = copy.slice();
  x.dispose();
  const other = tf.zeros([100, 100]).add(2);
  assertEquals(copy, expected);
  other.dispose();
});

Deno.test("tensorData() reads tensors that another backend made", async () => {
  await useBackend("cpu");
  const x = tf.tensor1d([1, 2]);
  await useBackend("agile");
  assertEquals(tensorData(x), Float32Array.of(1, 2));
});

Deno.test("tensorData() refuses integers", () => {
  assertThrows(
    () => tensorData(tf.tensor1d([1], "int32")),
    InputError,
    'Cannot read a tensor: it must be float32, got "int32"',
  );
});
