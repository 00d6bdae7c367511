import "@tensorflow/tfjs-backend-wasm";
import "@tensorflow/tfjs-backend-webgpu";
import { assertEquals } from "@std/assert";
import {
  causalAttention,
  causalSoftmax,
  embed,
  fakeQuantLog2,
  fakeQuantUniform,
  gelu,
  geluTanh,
  layerNorm,
  linear,
  rmsNorm,
  rotary,
  rotaryTable,
  scoreTokens,
  silu,
  tf,
  tidy,
  tokenCrossEntropy,
  useBackend,
} from "../../../lib/tensor/mod.ts";
import { assertFloatsClose, randomTensor } from "../compare.ts";

const matrix = (rows: number, columns: number, seed: number) =>
  randomTensor([rows, columns], seed) as tf.Tensor2D;
const vector = (length: number, seed: number) => randomTensor([length], seed) as tf.Tensor1D;

/** Every operation that is one kernel on `agile`, with inputs of its own. */
const operations: Record<string, () => tf.Tensor | tf.Tensor[]> = {
  causalAttention() {
    const options = { heads: 4, scale: 0.5, slopes: [0.5, 0.25, 0.125, 0.0625] };
    return Object.values(
      causalAttention(matrix(7, 24, 1), matrix(9, 12, 2), matrix(9, 12, 3), options),
    );
  },
  causalSoftmax: () => causalSoftmax(randomTensor([3, 5, 9], 1) as tf.Tensor3D, { scale: 0.7 }),
  embed: () => embed(matrix(11, 6, 1), Int32Array.of(3, 0, 10, 3)),
  fakeQuantLog2() {
    const rounding = { bits: 4, profile: "released", maximum: 1 } as const;
    return fakeQuantLog2(tf.softmax(matrix(6, 33, 1)), rounding, "probabilities");
  },
  fakeQuantUniform() {
    const fill = (value: number) => new Float32Array(5).fill(value);
    const steps = { scale: fill(0.1), shift: fill(8), low: fill(0), high: fill(15) };
    return fakeQuantUniform(matrix(6, 10, 1), steps, "activations");
  },
  gelu: () => gelu(matrix(5, 9, 1)),
  geluTanh: () => geluTanh(matrix(5, 9, 1)),
  layerNorm: () => layerNorm(matrix(5, 13, 1), vector(13, 2), vector(13, 3), 1e-5),
  linear: () => linear(matrix(5, 13, 1), matrix(7, 13, 2), vector(7, 3), "relu"),
  rmsNorm: () => rmsNorm(matrix(5, 13, 1), vector(13, 2), 1e-6),
  rotary: () => rotary(matrix(3, 16, 1), rotaryTable([0, 5, 9], [1, 0.1, 0.01, 0.001]), 8),
  scoreTokens() {
    const head = { x: matrix(4, 6, 1), weight: matrix(30, 6, 2), bias: vector(30, 3) };
    const reference = { x: matrix(4, 5, 4), weight: matrix(30, 5, 5) };
    return Object.values(scoreTokens(head, Int32Array.of(2, 29, 0, 7), reference));
  },
  silu: () => silu(matrix(5, 9, 1)),
  tokenCrossEntropy: () => tokenCrossEntropy(matrix(4, 30, 1), Int32Array.of(2, 29, 0, 7)),
};

/** What an operation gives on a backend. */
async function compute(backend: string, operation: () => tf.Tensor | tf.Tensor[]) {
  await useBackend(backend);
  const outputs = tidy(() => [operation()].flat());
  const values = await Promise.all(outputs.map((output) => output.data()));
  tf.dispose(outputs);
  return values.map((each) => Float32Array.from(each));
}

/** Debian's mesa-vulkan-drivers have an adapter that computes on the processor. */
const adapter = await navigator.gpu?.requestAdapter();

const backends = [{ name: "wasm", present: true }, { name: "webgpu", present: adapter != null }];

for (const [name, operation] of Object.entries(operations)) {
  for (const backend of backends) {
    Deno.test({
      name: `${name}() runs on TensorFlow.js's own backend ${backend.name}`,
      ignore: !backend.present,
      async fn() {
        const expected = await compute("agile", operation);
        const actual = await compute(backend.name, operation);
        await useBackend("agile");
        assertEquals(actual.length, expected.length);
        expected.forEach((values, output) => assertFloatsClose(actual[output], values, 1e-5));
      },
    });
  }
}
