import { assertEquals, assertMatch, assertRejects } from "@std/assert";
import { InputError } from "../../lib/core/mod.ts";
import {
  causalSoftmax,
  embed,
  layerNorm,
  linear,
  multipliesBytesNatively,
  silu,
  tf,
  tokenCrossEntropy,
  useBackend,
} from "../../lib/tensor/mod.ts";
import { randomTensor } from "./compare.ts";
import { withVariable } from "./with_variable.ts";

const simd = {
  backend: "agile",
  matrixProduct: "WebAssembly SIMD",
  integerProduct: "WebAssembly SIMD",
  instructions: Deno.env.get("AGILE_QUANT_RELAXED_SIMD") === "0" ? "SIMD" : "relaxed SIMD",
  threads: navigator.hardwareConcurrency,
};

Deno.test("useBackend() runs agile on SIMD if native is false or AGILE_QUANT_NATIVE is 0", async () => {
  assertEquals(await useBackend("agile", { native: false }), simd);
  assertEquals(await withVariable("AGILE_QUANT_NATIVE", "0", () => useBackend("agile")), simd);
});

Deno.test("useBackend() names what multiplies matrices", async () => {
  assertMatch(
    (await useBackend("agile")).matrixProduct,
    /^(oneDNN \d+\.\d+\.\d+|WebAssembly SIMD)$/,
  );
  assertEquals(await useBackend("cpu"), {
    backend: "cpu",
    matrixProduct: "TensorFlow.js cpu",
    threads: 1,
  });
});

Deno.test("useBackend() refuses a backend that nobody registered", async () => {
  await assertRejects(
    () => useBackend("abacus"),
    InputError,
    'Cannot use backend abacus: it must be registered, got "abacus"',
  );
});

Deno.test("useBackend() needs no permission for FFI or the environment, and prints nothing", async () => {
  const library = new URL("../../lib/tensor/mod.ts", import.meta.url);
  const script = `
    import { tf, useBackend } from ${JSON.stringify(library)};
    for (const name of ["cpu", "agile"]) {
      const info = await useBackend(name);
      tf.tensor1d([1]).add(1).dispose();
      console.log(JSON.stringify(info.matrixProduct));
    }`;
  const config = new URL("../../deno.json", import.meta.url).pathname;
  const process = new Deno.Command(Deno.execPath(), {
    args: ["run", "-q", "--no-prompt", "--allow-read", "--config", config, "-"],
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const writer = process.stdin.getWriter();
  await writer.write(new TextEncoder().encode(script));
  await writer.close();
  const { stdout, stderr } = await process.output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  assertEquals(text(stdout), '"TensorFlow.js cpu"\n"WebAssembly SIMD"\n');
  assertEquals(text(stderr), "");
});

Deno.test("useBackend() agile leaks no tensor in forward and backward passes", async () => {
  await useBackend("agile");
  const [table, weight] = [randomTensor([9, 16], 1), randomTensor([16, 16], 2)] as tf.Tensor2D[];
  const [gain, bias] = [randomTensor([16], 3), randomTensor([16], 4)] as tf.Tensor1D[];
  const ids = Int32Array.of(1, 4, 4, 8);
  const loss = (table: tf.Tensor, weight: tf.Tensor) => {
    const x = layerNorm(embed(table as tf.Tensor2D, ids), gain, bias, 1e-5);
    const keys = silu(linear(x, weight as tf.Tensor2D, bias)).expandDims(0);
    const probabilities = causalSoftmax(tf.matMul(keys, keys, false, true), { scale: 0.25 });
    const mixed = tf.reshape(tf.matMul(probabilities, keys), [4, 16]) as tf.Tensor2D;
    return tf.mean(tokenCrossEntropy(mixed, ids)) as tf.Scalar;
  };
  const step = () => tf.dispose(tf.tidy(() => tf.grads(loss)([table, weight])));
  step();
  const { numTensors, numDataBuffers } = tf.memory();
  for (let i = 0; i < 5; i++) step();
  const after = tf.memory();
  assertEquals([after.numTensors, after.numDataBuffers], [numTensors, numDataBuffers]);
});

Deno.test("multipliesBytesNatively() says of the backend in use what useBackend() names", async () => {
  for (const [name, native] of [["agile", true], ["agile", false], ["cpu", true]] as const) {
    const { integerProduct } = await useBackend(name, { native });
    assertEquals(multipliesBytesNatively(), integerProduct?.startsWith("oneDNN") ?? false);
  }
  await useBackend("agile");
});
