/**
 * Peer: how fast registers can be multiplied and added (`assembly/peak.ts`), on one thread or on
 * several at once. Arguments: instruction level, threads.
 */
import type { InstructionLevel } from "../../experiments/result/bench_record.ts";
import { serve } from "../harness/serve.ts";
import type { PeakRequest } from "./peak_worker.ts";

const level = Deno.args[0] as Exclude<InstructionLevel, "native">;
const threads = Number(Deno.args[1]);

/** The loop of each level and kind of numbers, and the operations of one of its steps. */
const loops: Record<typeof level, Record<string, Pick<PeakRequest, "loop" | "operations">>> = {
  "plain SIMD": {
    float32: { loop: "float32Simd", operations: 96 },
    int8: { loop: "int8Simd", operations: 192 },
  },
  "relaxed SIMD": {
    float32: { loop: "float32Relaxed", operations: 96 },
    int8: { loop: "int8Relaxed", operations: 384 },
  },
};

const workers = Array.from(
  { length: threads },
  () => new Worker(new URL("peak_worker.ts", import.meta.url), { type: "module" }),
);

await serve({ library: "register loop", level, threads }, ({ numbers, operations }) => {
  const loop = loops[level][numbers];
  const request = { ...loop, total: Number(operations) / threads };
  return async () => {
    const times = await Promise.all(workers.map((worker) => askWorker(worker, request)));
    return { time: Math.max(...times) };
  };
});

/** Milliseconds that a worker's share of the operations took it. */
function askWorker(worker: Worker, request: PeakRequest): Promise<number> {
  return new Promise((resolve) => {
    worker.onmessage = ({ data }) => resolve(data);
    worker.postMessage(request);
  });
}
