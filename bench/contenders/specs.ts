import type { InstructionLevel } from "../../experiments/result/bench_record.ts";
import { counted } from "../../lib/core/mod.ts";
import type { PeerSpec } from "../harness/peer.ts";

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

/** onnxruntime-node, whose packages have a configuration of their own: 100 MB that only this needs. */
export function onnxruntimePeer(threads: number): PeerSpec {
  return {
    name: contenderName("onnxruntime", threads),
    command: [
      ...[Deno.execPath(), "run", "-q", "--no-prompt", "--config", "bench/peers/onnxruntime.json"],
      ...["--allow-read", "--allow-ffi", "--allow-env", "--allow-sys"],
      ...["bench/peers/onnxruntime.ts", String(threads)],
    ],
  };
}

/**
 * PyTorch on the processor.
 *
 * @param path A script in `bench/peers`.
 * @param preload Shared libraries loaded before all others, such as an allocator.
 */
export function pytorchPeer(
  path: string,
  threads: number,
  preload?: { name: string; library: string },
): PeerSpec {
  const suffix = preload ? `, ${preload.name}` : "";
  return {
    name: contenderName("PyTorch", threads) + suffix,
    command: [pythonWithTorch(), `bench/peers/${path}`, String(threads)],
    env: {
      ...threadEnvironment(threads),
      PYTHONDONTWRITEBYTECODE: "1",
      ...preload && { LD_PRELOAD: preload.library },
    },
  };
}

/** The first Python that has PyTorch; where none has, starting the peer says so. */
function pythonWithTorch(): string {
  const pythons = ["python3", "/usr/bin/python3"];
  return pythons.find((python) => {
    try {
      return new Deno.Command(python, { args: ["-c", "import torch"], stderr: "null" })
        .outputSync().success;
    } catch {
      return false; // not installed
    }
  }) ?? "python3";
}
