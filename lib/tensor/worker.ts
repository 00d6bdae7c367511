/** What a thread of {@linkcode Simd} runs. */
import { workerData } from "node:worker_threads";
import { CallQueue } from "./call_queue.ts";
import { instantiateKernels } from "./kernel_module.ts";

/** What a worker is started with. */
export interface WorkerData {
  module: WebAssembly.Module;
  memory: WebAssembly.Memory;
  /** Address of this thread's workspace. */
  workspace: number;
  wide: boolean;
}

const { module, memory, workspace, wide } = workerData as WorkerData;
new CallQueue(memory, instantiateKernels(module, memory, workspace, wide)).serve();
