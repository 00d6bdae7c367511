import { assertEquals, assertThrows } from "@std/assert";
import { InputError } from "../../lib/core/mod.ts";
import { type AgileBackend, requireAgile } from "../../lib/tensor/agile.ts";
import { storedTensor, tensorData, tf, useBackend } from "../../lib/tensor/mod.ts";
import { randomFloats } from "./compare.ts";

async function agile(): Promise<AgileBackend> {
  await useBackend("agile");
  return tf.backend() as AgileBackend;
}

Deno.test("AgileBackend.addressOf() brings values from outside in, once", async () => {
  const backend = await agile();
  const values = randomFloats(100, 1);
  const x = tf.tensor(values.slice(), [10, 10]);
  const before = backend.simd.arena.bytesInUse;
  const address = backend.addressOf(x);
  assertEquals(backend.view(Float32Array, address, 100), values);
  assertEquals(backend.addressOf(x), address);
  assertEquals(backend.addressOf(tf.reshape(x, [100])), address);
  assertEquals(backend.simd.arena.bytesInUse, before + 448);
});

Deno.test("AgileBackend.addressOf() works for every numeric type and for no element at all", async () => {
  const backend = await agile();
  const integers = tf.tensor1d([1, -2], "int32");
  assertEquals([...backend.view(Int32Array, backend.addressOf(integers), 2)], [1, -2]);
  const flags = tf.tensor1d([true, false], "bool");
  assertEquals([...backend.view(Uint8Array, backend.addressOf(flags), 2)], [1, 0]);
  assertEquals(backend.addressOf(tf.zeros([0])) % 16, 0);
});

Deno.test("AgileBackend.output() refuses a tensor that does not fit, naming it", async () => {
  const backend = await agile();
  const before = backend.simd.arena.bytesInUse;
  const error = assertThrows(
    () => backend.output([65536, 32768]),
    InputError,
    "Cannot allocate a float32 tensor of shape [65536,32768]: 8589934592 bytes in one piece must " +
      `be free beside the ${before} in use, got `,
  );
  assertEquals(error.message.split(", got ")[1], String(2 ** 32 - 65536 - before));
});

Deno.test("AgileBackend copies what a kernel of cpu made as a view of another tensor", async () => {
  const backend = await agile();
  const x = tf.tensor1d([1, 2, 3, 4], "int32");
  backend.addressOf(x);
  const part = tf.slice(x, [1], [2]);
  x.dispose();
  const { address } = backend.output([4], "int32");
  backend.view(Int32Array, address, 4).fill(9);
  assertEquals([...part.dataSync()], [2, 3]);
});

Deno.test("AgileBackend gives a block back with the last tensor that shares it", async () => {
  const backend = await agile();
  const { arena } = backend.simd;
  const before = arena.bytesInUse;
  const x = tf.tidy(() => tf.add(tf.tensor1d([1, 2]), 1));
  const same = tf.reshape(x, [2, 1]);
  x.dispose();
  assertEquals([...tensorData(same)], [2, 3]);
  same.dispose();
  assertEquals(arena.bytesInUse, before);
});

Deno.test("AgileBackend keeps variables that are assigned to", async () => {
  await agile();
  const variable = tf.variable(tf.tensor1d([1, 2]));
  for (let i = 0; i < 3; i++) tf.tidy(() => variable.assign(tf.mul(variable, 2)));
  assertEquals([...variable.dataSync()], [8, 16]);
  variable.dispose();
});

Deno.test("AgileBackend hands tensors to another backend and back", async () => {
  const backend = await agile();
  const x = tf.add(tf.tensor1d([1, 2]), 1);
  const before = backend.simd.arena.bytesInUse;
  await useBackend("cpu");
  const y = tf.add(x, 1);
  assertEquals(backend.simd.arena.bytesInUse, before - 32);
  await useBackend("agile");
  assertEquals([...tf.add(y, x).dataSync()], [5, 7]);
});

Deno.test("AgileBackend takes back what a kernel has made before it throws", async () => {
  const { simd: { arena } } = await agile();
  const before = [arena.bytesInUse, tf.memory().numTensors];
  const decode = () => {
    throw new Error("refused");
  };
  const matrix = { rows: 3, columns: 5, byteLength: 60, form: "F32", decode };
  assertThrows(() => storedTensor(matrix), Error, "refused");
  assertEquals([arena.bytesInUse, tf.memory().numTensors], before);
});

Deno.test("requireAgile() gives the backend in use, or says what cannot be done on another", async () => {
  assertEquals(requireAgile("multiply in integers"), await agile());
  await useBackend("cpu");
  assertThrows(
    () => requireAgile("multiply in integers"),
    InputError,
    'Cannot multiply in integers: the backend must be agile, got "cpu"',
  );
  await useBackend("agile");
});
