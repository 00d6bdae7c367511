import { assertThrows } from "@std/assert";
import { InputError } from "../../../lib/core/mod.ts";
import { embed, tf } from "../../../lib/tensor/mod.ts";
import { assertSameGradients, randomInput, randomTensor } from "../compare.ts";

Deno.test("embed() looks rows up and adds the gradients of repeated ids", async () => {
  const ids = Int32Array.of(1, 1, 6, 0, 1);
  await assertSameGradients([randomInput([7, 5], 1)], (table) => embed(table as tf.Tensor2D, ids));
});

Deno.test("embed() refuses an id outside the table", () => {
  const table = randomTensor([7, 5], 1) as tf.Tensor2D;
  assertThrows(
    () => embed(table, Int32Array.of(0, 7)),
    InputError,
    "Cannot look tokens up: ids must be 0..6, got 7",
  );
});
