/** Peer: TensorFlow.js' own WebAssembly backend, whose threads cannot start in Deno. */
import "@tensorflow/tfjs-backend-wasm";
import { require } from "../../lib/core/mod.ts";
import { tf, useBackend } from "../../lib/tensor/mod.ts";
import { serve } from "../harness/serve.ts";
import { time } from "../harness/turn.ts";
import { randomValues } from "../../experiments/measure/random_model.ts";
import type { ProductJob } from "../jobs/product.ts";

await useBackend("wasm");
const library = `TensorFlow.js wasm ${tf.version_core}`;

await serve({ library, level: "plain SIMD", threads: 1 }, (job, scope) => {
  require(job.numbers === "float32", "run a job", "numbers must be float32", job.numbers);
  const { rows, columns, outputs } = job as unknown as ProductJob;
  const x = tf.tensor2d(randomValues(rows * columns), [rows, columns]);
  // The layout of TensorFlow.js' own models: this backend is slow where an operand is transposed.
  const weight = tf.tensor2d(randomValues(columns * outputs), [columns, outputs]);
  scope.onEnd(() => tf.dispose([x, weight]));
  return async () => ({ time: await time(() => tf.matMul(x, weight).dispose()) });
});
