/**
 * Throughput of float32 matrix products: backend `agile` with oneDNN and with its own WebAssembly
 * SIMD kernel, beside the `wasm` and `cpu` backends of TensorFlow.js. Medians after one run to warm
 * up.
 *
 *     deno run -q --allow-read --allow-env --allow-ffi --allow-sys bench/matmul.ts [--runs 9]
 *
 * Without oneDNN its column repeats the SIMD kernel. TensorFlow.js's `wasm` runs on one thread: its
 * threads cannot start in Deno. Its `cpu` is left out of products that take it seconds.
 */
import { cpus } from "node:os";
import "@tensorflow/tfjs-backend-wasm";
import { Command } from "commander";
import { tf, useBackend } from "../lib/tensor/mod.ts";

/** m, k and n of [m, k] times [k, n]. */
const shapes = [[512, 128, 512], [512, 512, 512], [2048, 768, 3072]];

/** The contenders: how each starts, and the operations of the largest product it is given. */
const contenders = [
  { backend: "agile", native: true, limit: Infinity },
  { backend: "agile", native: false, limit: Infinity },
  { backend: "wasm", native: false, limit: Infinity },
  { backend: "cpu", native: false, limit: 1e9 },
];

/**
 * The median billions of operations per second; a product takes 2 m n k operations. All these
 * backends have computed it when `matMul` returns.
 */
function throughput([m, k, n]: number[], runs: number): number {
  const [a, b] = [tf.randomNormal([m, k]), tf.randomNormal([k, n])];
  const times = Array.from({ length: runs + 1 }, () => {
    const start = performance.now();
    tf.matMul(a, b).dispose();
    return performance.now() - start;
  }).slice(1).sort((x, y) => x - y);
  tf.dispose([a, b]);
  return 2 * m * n * k / times[Math.floor(runs / 2)] / 1e6;
}

const { runs } = new Command()
  .option("--runs <count>", "timed runs of each product", Number, 9)
  .parse(Deno.args, { from: "user" })
  .opts<{ runs: number }>();

console.log(
  `${cpus()[0].model}, ${navigator.hardwareConcurrency} cores, Deno ${Deno.version.deno}`,
);
console.log("GFLOPS, and the ratio to the line's TensorFlow.js wasm in brackets");

const columns: string[] = [];
const figures: number[][] = shapes.map(() => []);
for (const { backend, native, limit } of contenders) {
  const { matrixProduct, threads } = await useBackend(backend, { native });
  columns.push(`${matrixProduct}, ${threads} thread${threads > 1 ? "s" : ""}`);
  shapes.forEach((shape, row) => {
    const operations = 2 * shape.reduce((a, b) => a * b, 1);
    figures[row].push(operations <= limit ? throughput(shape, runs) : NaN);
  });
}

const width = 30;
console.log(["[m, k] x [k, n]", ...columns].map((text) => text.padEnd(width)).join("").trimEnd());
figures.forEach((row, index) => {
  const [m, k, n] = shapes[index];
  const peer = row[contenders.findIndex(({ backend }) => backend === "wasm")];
  const cells = row.map((value) =>
    Number.isNaN(value) ? "-" : `${value.toFixed(1)} (${(value / peer).toFixed(2)})`
  );
  console.log(
    [`${m} x ${k} x ${n}`, ...cells].map((text) => text.padEnd(width)).join("").trimEnd(),
  );
});
