import { assert, assertEquals } from "@std/assert";
import { seededRandom } from "../../lib/core/mod.ts";
import { AgileBackend } from "../../lib/tensor/agile.ts";
import { tf, useBackend } from "../../lib/tensor/mod.ts";

// Native libraries stay loaded for the life of the process: load before any test counts resources.
await useBackend("agile");

/** Standard normal float32 values. */
export function randomFloats(length: number, seed: number): Float32Array {
  const random = seededRandom(seed);
  return Float32Array.from({ length }, () => random.normal());
}

/** A standard normal tensor. */
export function randomTensor<Shape extends number[]>(shape: Shape, seed: number): tf.Tensor {
  return tf.tensor(randomFloats(shape.reduce((a, b) => a * b, 1), seed), shape);
}

/**
 * Asserts that two arrays agree within `tolerance` times the largest magnitude expected, at least 1.
 * NaN and infinities agree only with themselves.
 */
export function assertFloatsClose(
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  tolerance: number,
): void {
  assertEquals(actual.length, expected.length);
  let bound = 1;
  for (let i = 0; i < expected.length; i++) {
    if (Number.isFinite(expected[i])) bound = Math.max(bound, Math.abs(expected[i]));
  }
  for (let i = 0; i < expected.length; i++) {
    const close = Object.is(actual[i], expected[i]) ||
      Math.abs(actual[i] - expected[i]) <= tolerance * bound;
    assert(close, `element ${i}: ${actual[i]} instead of ${expected[i]}`);
  }
}

/** Asserts that `action`, once its inputs are where they are computed, leaves no memory taken. */
export function assertFreesMemory(action: () => void): void {
  const inUse = () => {
    const backend = tf.backend();
    const bytes = backend instanceof AgileBackend ? backend.simd.arena.bytesInUse : 0;
    return { tensors: tf.memory().numTensors, bytes };
  };
  action();
  const before = inUse();
  action();
  assertEquals(inUse(), before);
}

interface Computed {
  shape: number[];
  values: Float32Array;
}

async function computeOn(
  backend: string,
  native: boolean,
  inputs: Computed[],
  compute: (...inputs: tf.Tensor[]) => tf.Tensor[],
): Promise<Computed[]> {
  await useBackend(backend, { native });
  const outputs = tf.tidy(() =>
    compute(...inputs.map(({ shape, values }) => tf.tensor(values.slice(), shape)))
  );
  const results = outputs.map((output) => ({
    shape: output.shape,
    values: Float32Array.from(output.dataSync()),
  }));
  tf.dispose(outputs);
  return results;
}

/** Asserts that `agile`, native and not, computes what TensorFlow.js's `cpu` backend does. */
export async function assertAgileMatchesCpu(
  inputs: Computed[],
  compute: (...inputs: tf.Tensor[]) => tf.Tensor[],
  tolerance = 1e-5,
): Promise<void> {
  const expected = await computeOn("cpu", false, inputs, compute);
  for (const native of [true, false]) {
    const actual = await computeOn("agile", native, inputs, compute);
    expected.forEach(({ shape, values }, index) => {
      assertEquals(actual[index].shape, shape);
      assertFloatsClose(actual[index].values, values, tolerance);
    });
  }
}

/** An input of {@linkcode assertAgileMatchesCpu}: standard normal values of a shape. */
export function randomInput(shape: number[], seed: number): Computed {
  return { shape, values: randomFloats(shape.reduce((a, b) => a * b, 1), seed) };
}

/**
 * Asserts that `operation` has the same value and the same gradient for every input on `agile` and
 * on `cpu`, where it is composed of TensorFlow.js operations.
 */
export async function assertSameGradients(
  inputs: Computed[],
  operation: (...inputs: tf.Tensor[]) => tf.Tensor,
  tolerance = 1e-5,
): Promise<void> {
  await assertAgileMatchesCpu(inputs, (...tensors) => {
    const value = operation(...tensors);
    const dy = tf.tensor(randomFloats(value.size, 99), value.shape);
    return [value, ...tf.grads(operation)(tensors, dy)];
  }, tolerance);
}

/** Leaves storage for a [100, 100] tensor behind that is not zero; `agile` hands it out again. */
export function leaveSoiledStorage(): void {
  tf.tidy(() => void tf.add(tf.ones([100, 100]), 1));
}
