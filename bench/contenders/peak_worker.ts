/// <reference no-default-lib="true" />
/// <reference lib="deno.worker" />
/** Runs a loop of `assembly/peak.ts` on a thread of its own and answers the milliseconds it took. */
import * as loops from "../peak.wasm";

/** Which loop to run for how many operations. */
export interface PeakRequest {
  loop: "float32Simd" | "float32Relaxed" | "int8Simd" | "int8Relaxed";
  /** Operations of one step of the loop. */
  operations: number;
  /** Operations of all steps. */
  total: number;
}

self.onmessage = ({ data }: MessageEvent<PeakRequest>) => {
  const start = performance.now();
  loops[data.loop](data.total / data.operations, 0.5);
  self.postMessage(performance.now() - start);
};
