/** Prints the bytes in use while a tensor keeps forgotten storage alive, and when it is gone, too. */
import type { AgileBackend } from "../../lib/tensor/agile.ts";
import { residentFloats, residentTensor, tf, useBackend } from "../../lib/tensor/mod.ts";

const { gc } = globalThis as unknown as { gc(): void };

await useBackend("agile");
const { arena } = (tf.backend() as AgileBackend).simd;

async function collect(): Promise<number> {
  gc();
  await new Promise((resolve) => setTimeout(resolve, 50));
  return arena.bytesInUse;
}

const before = arena.bytesInUse;
const tensor = residentTensor(residentFloats(1_000_000), [1000, 1000]);
const held = await collect() - before;
tensor.dispose();
console.log(JSON.stringify([held, await collect() - before]));
