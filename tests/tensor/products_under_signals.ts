// Multiplies with the native library for a while and counts the signals that arrive meanwhile: run by
// the tests of lib/tensor/signal_mask.ts in a process of its own. Prints the count, or "no library".
import { letSignalsIn } from "../../lib/core/mod.ts";
import { tf, useBackend } from "../../lib/tensor/mod.ts";

const { matrixProduct } = await useBackend("agile");
if (!matrixProduct.startsWith("oneDNN")) {
  console.log("no library");
  Deno.exit();
}
let signals = 0;
Deno.addSignalListener("SIGUSR1", () => signals++);
console.log("ready");
const matrix = tf.ones([384, 384]);
for (const end = Date.now() + 3000; Date.now() < end;) {
  for (let product = 0; product < 10; product++) tf.matMul(matrix, matrix).dispose();
  await letSignalsIn();
}
console.log(signals);
Deno.exit();
