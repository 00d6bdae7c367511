import { assert, assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import { InputError } from "../../lib/core/mod.ts";
import {
  arenaBytes,
  freeBytes,
  readsAtOnce,
  tensorBytes,
  tensorData,
  tf,
  useBackend,
} from "../../lib/tensor/mod.ts";
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

Deno.test("freeBytes() falls by tensorBytes() of each new tensor, until it is disposed", async () => {
  await useBackend("agile");
  for (const elements of [1, 10, 1000, 12345]) {
    const x = tf.ones([elements]);
    tf.mul(x, x).dispose(); // x lies in the memory now
    const before = freeBytes();
    const y = tf.mul(x, x);
    assertEquals(before - freeBytes(), tensorBytes(elements));
    y.dispose();
    assertEquals(freeBytes(), before);
    x.dispose();
  }
});

Deno.test("arenaBytes() grow with the tensors and not back", async () => {
  await useBackend("agile");
  const before = arenaBytes();
  const x = tf.ones([before / 4]);
  const y = tf.mul(x, x);
  const grown = arenaBytes();
  assert(grown >= 2 * before && grown + freeBytes() > 2 ** 32 - 2 ** 20);
  tf.dispose([x, y]);
  assertEquals(arenaBytes(), grown);
});

Deno.test("freeBytes() and arenaBytes() know no memory of other backends than agile", async () => {
  await useBackend("cpu");
  assertEquals([freeBytes(), arenaBytes()], [Infinity, 0]);
  await useBackend("agile");
});

Deno.test("readsAtOnce() is true of agile and cpu, and not of webgpu", async () => {
  for (const [name, atOnce] of [["webgpu", false], ["cpu", true], ["agile", true]] as const) {
    if (name === "webgpu") tf.registerBackend(name, () => new tf.MathBackendCPU());
    await useBackend(name);
    assertEquals(readsAtOnce(), atOnce);
  }
  tf.removeBackend("webgpu");
});
