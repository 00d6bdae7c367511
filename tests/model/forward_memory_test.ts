import { assertEquals } from "@std/assert";
import { forward, logits, type OpenModel } from "../../lib/model/mod.ts";
import type { AgileBackend } from "../../lib/tensor/agile.ts";
import { tf, tidy, useBackend } from "../../lib/tensor/mod.ts";
import { families, randomIds, withRandomModel } from "./tiny_models.ts";

/** Bytes of tensors in use, and of the whole memory. */
function memory(): [used: number, whole: number] {
  const { arena } = (tf.backend() as AgileBackend).simd;
  return [arena.bytesInUse, arena.memory.buffer.byteLength];
}

function pass(model: OpenModel, tokens: number): void {
  tidy(() => void logits(model, forward(model, randomIds(tokens, tokens)).hidden).dataSync());
}

for (const native of [true, false]) {
  Deno.test(`forward() gives all memory back over 1,000 passes, ${native ? "native where installed" : "SIMD"}`, async () => {
    await useBackend("agile", { native });
    for (const family of Object.values(families)) {
      await withRandomModel(family, (model) => {
        for (let tokens = 1; tokens < 60; tokens++) pass(model, tokens);
        const before = memory();
        for (let i = 0; i < 334; i++) pass(model, 1 + i % 59);
        assertEquals(memory(), before);
      });
    }
  });
}
