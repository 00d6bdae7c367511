import { assertEquals, assertThrows } from "@std/assert";
import type { AgileBackend } from "../../../lib/tensor/agile.ts";
import { fused, runKernel } from "../../../lib/tensor/ops/fused.ts";
import { tf, tidy, useBackend } from "../../../lib/tensor/mod.ts";

/** Runs a test on a backend while `agile` has a kernel that adds its attribute `by`. */
async function withKernel(name: string, test: () => void): Promise<void> {
  await useBackend("agile");
  tf.registerKernel({
    kernelName: "Shift",
    backendName: "agile",
    kernelFunc({ inputs, attrs }) {
      const backend = tf.backend() as AgileBackend;
      const x = inputs.x!;
      const { tensor } = backend.output(x.shape);
      backend.floats(tensor).set(backend.floats(x).map((value) => value + Number(attrs!.by)));
      return tensor;
    },
  });
  try {
    await useBackend(name);
    tidy(test);
  } finally {
    tf.unregisterKernel("Shift", "agile");
    await useBackend("agile");
  }
}

const noComposition = (): tf.Tensor => {
  throw new Error("composed");
};

Deno.test("fused() runs the kernel with its attributes on agile, and composes nothing", () =>
  withKernel("agile", () => {
    const shifted = fused("Shift", { x: tf.tensor1d([1, 2]) }, { by: 0.5 }, noComposition);
    assertEquals([...shifted.dataSync()], [1.5, 2.5]);
  }));

Deno.test("fused() composes on another backend, and frees all but what comes out", () =>
  withKernel("cpu", () => {
    const x = tf.tensor1d([1, 2]);
    const before = tf.memory().numTensors;
    const outputs = fused("Shift", { x }, { by: 0.5 }, () => {
      const doubled = tf.mul(x, 2);
      return [tf.add(doubled, 1), tf.sub(doubled, 1)];
    });
    assertEquals(outputs.map((output) => [...output.dataSync()]), [[3, 5], [1, 3]]);
    assertEquals(tf.memory().numTensors, before + 2);
  }));

Deno.test("runKernel() runs a kernel by name, and fails where the backend has none", async () => {
  await withKernel("agile", () => {
    const shifted = runKernel("Shift", { x: tf.tensor1d([1, 2]) }, { by: -1 });
    assertEquals([...shifted.dataSync()], [0, 1]);
  });
  await withKernel("cpu", () => {
    assertThrows(
      () => runKernel("Shift", { x: tf.tensor1d([1]) }, { by: 1 }),
      Error,
      "Kernel 'Shift' not registered for backend 'cpu'",
    );
  });
});
