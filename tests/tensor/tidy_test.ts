import { assertEquals, assertThrows } from "@std/assert";
import { kept, tf, tidy, useBackend } from "../../lib/tensor/mod.ts";

Deno.test("tidy() keeps the tensors of a nested result and frees the others", async () => {
  await useBackend("agile");
  const before = tf.memory().numTensors;
  const result = tidy(() => {
    const x = tf.tensor1d([1, 2]);
    return { maps: [tf.add(x, 1), tf.add(x, 2)], ids: Int32Array.of(3), note: null };
  });
  assertEquals(tf.memory().numTensors, before + 2);
  assertEquals(result.maps.map((map) => map.arraySync()), [[2, 3], [3, 4]]);
  assertEquals([result.ids, result.note], [Int32Array.of(3), null]);
  tf.dispose(result.maps);
});

Deno.test("kept() outlasts the tidying around it; where it throws it keeps nothing", async () => {
  await useBackend("agile");
  const before = tf.memory().numTensors;
  const made = tidy(() => {
    const { x } = kept(() => ({ x: tf.add(tf.tensor1d([1, 2]), 1) }));
    return () => x;
  });
  assertEquals(tf.memory().numTensors, before + 1);
  assertEquals(made().arraySync(), [2, 3]);
  made().dispose();
  const failing = () =>
    kept(() => {
      tf.tensor1d([1, 2]);
      throw new Error("refused");
    });
  assertThrows(failing, Error, "refused");
  assertEquals(tf.memory().numTensors, before);
});
