/**
 * Linear layers in floats and in integers: float32 products with oneDNN and with the SIMD kernel,
 * unsigned by signed byte products with both, and the whole layer with 4-bit weights: activations
 * quantized by TRIP, weights unpacked, groups of 128 columns scaled. Medians of five runs after
 * one to warm up.
 *
 *     deno run -q --allow-read --allow-env --allow-ffi --allow-sys bench/integer.ts
 *
 * Byte products include the copies of their operands into scratch memory and of the result out of
 * it. Without oneDNN its lines repeat the SIMD kernels.
 */
import { cpus } from "node:os";
import { median, seededRandom } from "../lib/core/mod.ts";
import { quantizedLinear } from "../lib/methods/mod.ts";
import { rtn, searchTrip } from "../lib/quant/mod.ts";
import { linear, multiplyIntegers, tf, useBackend } from "../lib/tensor/mod.ts";

/** Rows of the activation, columns summed up, outputs. */
const shapes = [[2048, 768, 3072], [128, 4096, 4096], [1, 4096, 4096]];

const runs = 5;

/** The median milliseconds of some work. */
function time(work: () => void): number {
  work();
  return median(Array.from({ length: runs }, () => {
    const start = performance.now();
    work();
    return performance.now() - start;
  }));
}

/** The products of one shape on the backend in use, in milliseconds. */
function measure([rows, columns, outputs]: number[]): Record<string, number> {
  const random = seededRandom(0);
  const values = Float32Array.from({ length: rows * columns }, () => random.uniform() - 0.5);
  const weights = Float32Array.from({ length: outputs * columns }, () => random.uniform() - 0.5);
  const x = tf.tensor2d(values, [rows, columns]);
  const weight = tf.tensor2d(weights, [outputs, columns]);
  const [a, b] = [
    Uint8Array.from(values, (v) => 255 * (v + 0.5)),
    Int8Array.from(weights, (v) => 255 * v),
  ];
  const sums = new Int32Array(rows * outputs);
  const quantized = rtn(weights, {
    ...{ rows: outputs, columns, bits: 4, groupSize: 128, symmetric: false, range: "minmax" },
  });
  const layer = quantizedLinear(
    quantized,
    searchTrip(values, { channels: columns, bits: 8, K: 3 }),
  );
  const times = {
    "float32": time(() => linear(x, weight).dispose()),
    "u8 x s8": time(() => void multiplyIntegers(a, b, columns, sums)),
    "4-bit layer": time(() => layer.apply(x).dispose()),
  };
  tf.dispose([x, weight]);
  return times;
}

console.log(
  `${cpus()[0].model}, ${navigator.hardwareConcurrency} cores, Deno ${Deno.version.deno}`,
);
console.log("milliseconds, and billions of operations per second in brackets");
for (const shape of shapes) {
  console.log(`\n[${shape[0]}, ${shape[1]}] x [${shape[1]}, ${shape[2]}]`);
  const operations = 2 * shape.reduce((product, size) => product * size, 1);
  for (const native of [true, false]) {
    const { matrixProduct, integerProduct } = await useBackend("agile", { native });
    for (const [name, milliseconds] of Object.entries(measure(shape))) {
      const product = name === "float32" ? matrixProduct : integerProduct;
      const rate = (operations / milliseconds / 1e6).toFixed(1);
      console.log(
        `${name.padEnd(14)}${product!.padEnd(20)}${milliseconds.toFixed(2).padStart(9)} (${rate})`,
      );
    }
  }
}
