/**
 * Throughput of WebAssembly matrix products on one thread: lane-packed INT4 (fig. 5, two products per
 * 16-bit lane) beside int8 by extended multiplications and pairwise additions, int16 by dot products
 * of pairs (int8 widened beforehand), int8 by relaxed SIMD's dot product, and float32. The fastest of
 * several runs, which take turns, after one to warm up.
 *
 *     deno run -q --allow-sys bench/int4.ts [--runs 15]
 *
 * Depths 32 to 128 are those of attention heads, 768 and 4096 those of linear layers. All kernels
 * keep a tile of four rows in registers and read operands laid out in panels beforehand, which is not
 * timed; none cuts the depth into blocks.
 */
import { cpus } from "node:os";
import { Command } from "commander";
import * as int4 from "../lib/int4/kernel_simd.wasm";
import * as peers from "./int4_peers.wasm";

const m = 256;
const n = 256;
const depths = [32, 64, 128, 768, 4096];

/** What a kernel is called with: addresses, then panels and depth. */
type Kernel = (
  ...[a, b, c, rowPanels, columnPanels, depth]: [number, number, number, number, number, number]
) => void;

interface Contender {
  name: string;
  kernel: Kernel;
  memory: WebAssembly.Memory;
  /** Columns in a panel of weights. */
  columns: number;
  /** Bytes of an activation and of a weight as they are laid out. */
  bytes: [activation: number, weight: number];
}

const { memory } = peers;
const contenders: Contender[] = [
  { name: "float32", kernel: peers.float32Simd, memory, columns: 8, bytes: [4, 4] },
  { name: "int8", kernel: peers.int8Simd, memory, columns: 4, bytes: [1, 1] },
  { name: "int16", kernel: peers.int16Simd, memory, columns: 4, bytes: [2, 2] },
  { name: "int8, relaxed", kernel: peers.int8Relaxed, memory, columns: 4, bytes: [1, 1] },
  { name: "int4 lanes", kernel: int4.multiply, memory: int4.memory, columns: 16, bytes: [2, 1] },
];

/** Milliseconds that `repeats` products of depth k take; a product takes 2 m n k operations. */
function time({ kernel, memory, columns, bytes }: Contender, k: number, repeats: number): number {
  const activationsAt = 4 * m * n; // behind the sums
  const weightsAt = activationsAt + bytes[0] * m * k;
  const missing = weightsAt + bytes[1] * k * n - memory.buffer.byteLength;
  if (missing > 0) memory.grow(Math.ceil(missing / 65536));
  new Uint8Array(memory.buffer).fill(0); // no kernel's time depends on values
  const start = performance.now();
  for (let i = 0; i < repeats; i++) {
    kernel(activationsAt, weightsAt, 0, m / 4, n / columns, k);
  }
  return performance.now() - start;
}

/** Billions of operations per second of each contender in its fastest run; runs take turns. */
function throughputs(k: number, runs: number): number[] {
  const repeats = Math.ceil(5e8 / (2 * m * n * k));
  const fastest = contenders.map(() => Infinity);
  for (let run = 0; run <= runs; run++) {
    contenders.forEach((contender, index) => {
      const elapsed = time(contender, k, repeats);
      if (run > 0) fastest[index] = Math.min(fastest[index], elapsed);
    });
  }
  return fastest.map((elapsed) => 2 * m * n * k * repeats / elapsed / 1e6);
}

const { runs } = new Command()
  .option("--runs <count>", "timed runs of each product", Number, 15)
  .parse(Deno.args, { from: "user" })
  .opts<{ runs: number }>();

const width = 20;
const line = (cells: string[]) => cells.map((cell) => cell.padEnd(width)).join("").trimEnd();
console.log(`${cpus()[0].model}, one thread, Deno ${Deno.version.deno}`);
console.log(`GOPS of [${m}, k] x [k, ${n}], and the ratio to int8 in brackets`);
console.log(line(["k", ...contenders.map(({ name }) => name)]));
for (const k of depths) {
  const figures = throughputs(k, runs);
  const int8 = figures[contenders.findIndex(({ name }) => name === "int8")];
  const cells = figures.map((figure) => `${figure.toFixed(1)} (${(figure / int8).toFixed(2)})`);
  console.log(line([String(k), ...cells]));
}
