import type { InstructionLevel } from "../../experiments/result/bench_record.ts";
import { affineMatrix } from "../../lib/format/mod.ts";
import { int4Kernels as laneKernels, packLanes } from "../../lib/int4/mod.ts";
import * as peers from "../int4_peers.wasm";

/** Instructions of a loop's body that are none of the loops in it. */
export interface LoopInstructions {
  /** On vectors in registers. */
  arithmetic: number;
  /** Loads and stores of vectors, or of a number into all lanes of one. */
  memory: number;
}

/** One way to multiply matrices on one thread, and what its inner loop consists of. */
export interface KernelFacts {
  name: string;
  level: Exclude<InstructionLevel, "native">;
  /** The function of the module that has the loop. */
  loop: string;
  /** Multiplications and additions that one round of the loop does. */
  products: number;
  instructions: LoopInstructions;
  /** What is done after so many rounds; the end of a whole sum is not counted. */
  spill?: LoopInstructions & { rounds: number };
  /** Gets `[rows, depth] x [depth, columns]` ready, rows a multiple of 4 and columns of 16. */
  prepare(rows: number, columns: number, depth: number): () => void;
}

/** Every kernel that is compared; a test reads the counts from the modules. */
export const int4Kernels: KernelFacts[] = [
  {
    name: "float32, multiply and add",
    ...{ level: "plain SIMD", loop: "bench/assembly/dot/float32Simd", products: 32 },
    instructions: { arithmetic: 20, memory: 3 },
    prepare: peer(peers.float32Simd, { rows: 4, columns: 8, bytes: [4, 4] }),
  },
  {
    name: "float32, fused",
    ...{ level: "relaxed SIMD", loop: "bench/assembly/dot/float32Relaxed", products: 32 },
    instructions: { arithmetic: 12, memory: 3 },
    prepare: peer(peers.float32Relaxed, { rows: 4, columns: 8, bytes: [4, 4] }),
  },
  {
    name: "int8, extended multiplications",
    ...{ level: "plain SIMD", loop: "bench/assembly/int8/int8Simd", products: 64 },
    instructions: { arithmetic: 28, memory: 2 },
    prepare: peer(peers.int8Simd, { rows: 4, columns: 4, bytes: [1, 1] }),
  },
  {
    name: "int8 widened, dot products of pairs",
    ...{ level: "plain SIMD", loop: "bench/assembly/dot/int16Simd", products: 64 },
    instructions: { arithmetic: 20, memory: 3 },
    prepare: peer(peers.int16Simd, { rows: 4, columns: 8, bytes: [2, 2] }),
  },
  {
    name: "int8, relaxed dot products",
    ...{ level: "relaxed SIMD", loop: "bench/assembly/dot/int8Relaxed", products: 128 },
    instructions: { arithmetic: 12, memory: 3 },
    prepare: peer(peers.int8Relaxed, { rows: 4, columns: 8, bytes: [1, 1] }),
  },
  {
    name: "int4 packed, multiplications",
    ...{ level: "plain SIMD", loop: "bench/assembly/lanes_by_multiplication/tile", products: 64 },
    instructions: { arithmetic: 20, memory: 2 },
    spill: { arithmetic: 48, memory: 32, rounds: 256 },
    prepare: peer(peers.int4ByMultiplication, { rows: 4, columns: 16, bytes: [4, 1] }),
  },
  {
    name: "int4 packed, dot products of pairs",
    ...{ level: "plain SIMD", loop: "lib/int4/assembly/product/tile", products: 128 },
    instructions: { arithmetic: 20, memory: 3 },
    spill: { arithmetic: 36, memory: 33, rounds: 16 },
    prepare: prepareLanes("int4Matmul"),
  },
  {
    name: "int4 packed, dot products of pairs, groups of 128",
    ...{ level: "plain SIMD", loop: "lib/int4/assembly/product/tile", products: 128 },
    instructions: { arithmetic: 20, memory: 3 },
    spill: { arithmetic: 36, memory: 33, rounds: 16 },
    prepare: prepareLanes("int4Linear", 128),
  },
  {
    name: "int4 unpacked, relaxed dot products",
    ...{ level: "relaxed SIMD", loop: "bench/assembly/unpacked/int4Relaxed", products: 128 },
    instructions: { arithmetic: 20, memory: 3 },
    spill: { arithmetic: 16, memory: 16, rounds: 64 },
    prepare: peer(peers.int4Relaxed, { rows: 4, columns: 8, bytes: [1, 1] }),
  },
];

/** What a kernel of `assembly/peers.ts` is called with: addresses, then panels and depth. */
type PeerKernel = (
  ...[a, b, c, rowPanels, columnPanels, depth]: [number, number, number, number, number, number]
) => void;

/** Lines in a panel, and bytes of an activation and of a weight as they are laid out. */
interface Panels {
  rows: number;
  columns: number;
  bytes: [activation: number, weight: number];
}

function peer(kernel: PeerKernel, panels: Panels): KernelFacts["prepare"] {
  const take = blocksOf(peers.memory);
  return (rows, columns, depth) => {
    const [activation, weight] = panels.bytes;
    const a = take(activation * rows * depth);
    const b = take(weight * depth * columns);
    const c = take(4 * rows * columns);
    return () => kernel(a, b, c, rows / panels.rows, columns / panels.columns, depth);
  };
}

function prepareLanes(
  kernel: "int4Matmul" | "int4Linear",
  groupSize = Infinity,
): KernelFacts["prepare"] {
  const { memory, [kernel]: multiply } = laneKernels();
  const take = blocksOf(memory);
  return (rows, columns, depth) => {
    const groupIndex = Int32Array.from({ length: depth }, (_, i) => Math.floor(i / groupSize));
    const grids = columns * (groupIndex.at(-1)! + 1);
    const weight = affineMatrix({
      ...{ rows: columns, columns: depth, bits: 4, codes: new Uint8Array(columns * depth) },
      ...{ scale: new Float32Array(grids), zeroPoint: new Uint8Array(grids), groupIndex },
    });
    const grid = { step: 1, zeroPoint: 0, shift: new Uint8Array(depth) };
    const { table, memory: panels, activationBytes, blocks } = packLanes(weight, grid);
    const [a, b] = [take(rows / 4 * activationBytes), take(panels.byteLength)];
    const [y, plan, sums] = [take(4 * rows * columns), take(table.byteLength), take(256)];
    new Int32Array(memory.buffer, plan).set(table);
    return () => multiply(y, columns, rows, a, b, columns / 16, plan, blocks, sums);
  };
}

/** Hands out blocks behind what the memory holds, zeros: no kernel's time depends on values. */
function blocksOf(memory: WebAssembly.Memory): (bytes: number) => number {
  return (bytes) => memory.grow(Math.ceil(bytes / 65536)) * 65536;
}

/** Instructions on vectors per multiplication and addition, of the inner loop and its spills. */
export function instructionsPerProduct({ products, instructions, spill }: KernelFacts): number {
  const round = instructions.arithmetic + instructions.memory;
  const spilled = spill ? (spill.arithmetic + spill.memory) / spill.rounds : 0;
  return (round + spilled) / products;
}
