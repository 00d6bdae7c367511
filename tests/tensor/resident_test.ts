import { assert, assertEquals } from "@std/assert";
import {
  residentFloats,
  residentTensor,
  tensorData,
  tf,
  useBackend,
} from "../../lib/tensor/mod.ts";
import type { AgileBackend } from "../../lib/tensor/agile.ts";

await useBackend("agile");
const { arena } = (tf.backend() as AgileBackend).simd;

Deno.test("residentTensor() is the storage itself, which outlives it", () => {
  const storage = residentFloats(1000);
  for (let i = 0; i < 1000; i++) storage[i] = i;
  const before = arena.bytesInUse;
  const tensor = residentTensor(storage, [30, 20]);
  const squares = tf.square(tensor);
  assertEquals(tensorData(squares)[599], 599 ** 2);
  squares.dispose();
  assertEquals(tensorData(tensor), storage.subarray(0, 600));
  assertEquals(arena.bytesInUse, before);
  tensor.dispose();
  assertEquals(arena.bytesInUse, before);
  const other = tf.fill([1000], -1); // would lie there, had the block been given back
  tf.square(other).dispose();
  other.dispose();
  assertEquals(storage, Float32Array.from({ length: 1000 }, (_, i) => i));
});

Deno.test("residentTensor() copies what is not resident, and on other backends", async () => {
  const array = Float32Array.of(1, 2, 3, 4, 5);
  const resident = residentFloats(5);
  resident.set(array);
  const tensors = [residentTensor(array, [2, 2])];
  await useBackend("cpu");
  tensors.push(residentTensor(resident, [2, 2]), residentTensor(residentFloats(4), [2, 2]));
  array.fill(9);
  resident.fill(9);
  assertEquals(tensors[1].dataSync(), Float32Array.of(1, 2, 3, 4));
  await useBackend("agile");
  assertEquals(tensors[0].dataSync(), Float32Array.of(1, 2, 3, 4));
  tf.dispose(tensors);
});

Deno.test("residentFloats() find no place where the memory is full", () => {
  assertEquals((tf.backend() as AgileBackend).resident(2 ** 30), undefined); // 4 GiB
});

Deno.test("residentFloats() go back when nothing refers to them", async () => {
  const script = new URL("forget_residents.ts", import.meta.url).pathname;
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-q", "--no-check", "--allow-all", "--v8-flags=--expose-gc", script],
  }).output();
  assertEquals(code, 0, new TextDecoder().decode(stderr));
  const [held, forgotten] = JSON.parse(new TextDecoder().decode(stdout));
  assert(held >= 4_000_000, `${held} bytes held`);
  assert(forgotten < 1_000_000, `${forgotten} bytes left`);
});
