import type { InstructionLevel } from "../../experiments/result/bench_record.ts";
import { counted } from "../../lib/core/mod.ts";
import type { PeerSpec, Probe } from "../harness/peer.ts";

/** The environment that keeps `agile` at an instruction level. */
const levelEnvironment: Record<InstructionLevel, Record<string, string>> = {
  "plain SIMD": { AGILE_QUANT_NATIVE: "0", AGILE_QUANT_RELAXED_SIMD: "0" },
  "relaxed SIMD": { AGILE_QUANT_NATIVE: "0" },
  "native": {},
};

/** Threads of all libraries that a contender may load. */
function threadEnvironment(threads: number): Record<string, string> {
  return { AGILE_QUANT_THREADS: String(threads), OMP_NUM_THREADS: String(threads) };
}

/** What a contender is called: its engine, with the instruction level if it has several. */
export function contenderName(engine: string, threads: number): string {
  return `${engine}, ${counted(threads, "thread")}`;
}

/** A TypeScript contender, with the permissions of the benchmarks. */
function script(path: string, ...args: string[]): string[] {
  return [Deno.execPath(), "run", "-q", "--no-prompt", "-P=peer", `bench/${path}`, ...args];
}

/** Backend `agile` at one instruction level. */
export function agilePeer(level: InstructionLevel, threads: number): PeerSpec {
  return {
    name: contenderName(`agile ${level}`, threads),
    command: script("contenders/agile.ts", level),
    env: { ...threadEnvironment(threads), ...levelEnvironment[level] },
    // The measure of all engines, but none that is looked at itself: see `harness/trust.ts`.
    ...level === "relaxed SIMD" && { probe: floatProbe },
  };
}

/** TensorFlow.js' own WebAssembly backend. */
export function tensorflowPeer(): PeerSpec {
  return {
    name: contenderName("TensorFlow.js wasm", 1),
    command: script("contenders/tensorflow_wasm.ts"),
  };
}

/** What multiplications and additions in registers reach. */
export function peakPeer(level: Exclude<InstructionLevel, "native">, threads: number): PeerSpec {
  return {
    name: contenderName(`register loop, ${level}`, threads),
    command: script("contenders/peak.ts", level, String(threads)),
  };
}

/** A linear layer of floats, which every engine has. */
const floatProbe: Probe = {
  job: { kind: "product", rows: 512, columns: 768, outputs: 3072, numbers: "float32" },
  operations: 2 * 512 * 768 * 3072,
};

/** A TypeScript contender with a configuration of its own: packages that only this one needs. */
function scriptWithPackages(name: string, permissions: string[], threads: number): string[] {
  return [
    ...[Deno.execPath(), "run", "-q", "--no-prompt", "--frozen"],
    ...["--config", `bench/peers/${name}.json`],
    ...permissions.map((each) => `--allow-${each}`),
    ...[`bench/peers/${name}.ts`, String(threads)],
  ];
}

/** onnxruntime-node: 100 MB. */
export function onnxruntimePeer(threads: number): PeerSpec {
  return {
    name: contenderName("onnxruntime", threads),
    command: scriptWithPackages("onnxruntime", ["read", "ffi", "env", "sys"], threads),
    probe: floatProbe,
  };
}

/** llama.cpp as node-llama-cpp has it: 120 MB, since its lock leaves out what graphics cards need. */
export function llamaPeer(threads: number): PeerSpec {
  const permissions = ["read", "write", "ffi", "env", "sys", "run"];
  const tokens = 128;
  return {
    name: contenderName("llama.cpp", threads),
    command: scriptWithPackages("llama_cpp", permissions, threads),
    // A window through the matrices of its blocks.
    probe: {
      job: { kind: "prefill", model: "OPT-125M", execution: "Q4_0", tokens },
      operations: 2 * tokens * 12 * (4 * 768 + 3 * 2048) * 768,
    },
  };
}

/** What takes the place of the C library's way to hand out memory, on which PyTorch's rate depends. */
export interface Allocator {
  name: string;
  env: Record<string, string>;
  /** A library that must be there. */
  library?: string;
}

/** From the one that has been the fastest to the one that is always there. */
export const allocators: Allocator[] = [
  ...[["tcmalloc", "libtcmalloc_minimal.so.4"], ["jemalloc", "libjemalloc.so.2"]].map(
    ([name, library]) => ({ name, library, env: { LD_PRELOAD: library } }),
  ),
  // Memory once had is neither mapped by the piece nor given back.
  {
    name: "glibc keeping",
    env: { MALLOC_MMAP_MAX_: "0", MALLOC_TRIM_THRESHOLD_: String(2 ** 40) },
  },
];

/**
 * PyTorch on the processor, in the Python that `AGILE_QUANT_PYTHON` names or else `python3`.
 *
 * @param allocator Instead of the C library's own.
 */
export function pytorchPeer(threads: number, allocator?: Allocator): PeerSpec {
  const { name, library, env } = allocator ?? {};
  const python = Deno.env.get("AGILE_QUANT_PYTHON") ?? "python3";
  return {
    name: contenderName("PyTorch", threads) + (name ? `, ${name}` : ""),
    command: [
      ...[python, "bench/peers/pytorch.py", String(threads)],
      ...library ? [library] : [],
    ],
    env: { ...threadEnvironment(threads), PYTHONDONTWRITEBYTECODE: "1", ...env },
    probe: floatProbe,
  };
}
