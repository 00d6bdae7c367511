/**
 * Timings of the quantizers: GPTQ on one 768 x 768 layer, and the fused activation quantizers on a
 * window of 2048 tokens x 768 channels. Medians of five runs after one to warm up.
 *
 *     deno run -q bench/gptq.ts
 *
 * It needs no permissions.
 */
import { seededRandom } from "../lib/core/mod.ts";
import {
  fakeQuantizeLog2,
  fakeQuantizeUniform,
  gptq,
  observeRange,
  searchTrip,
  uniformParams,
} from "../lib/quant/mod.ts";

const CHANNELS = 768;
const TOKENS = 2048;
const RUNS = 5;

/** The median run time in milliseconds. */
function median(work: () => void): number {
  work();
  const times = Array.from({ length: RUNS }, () => {
    const start = performance.now();
    work();
    return performance.now() - start;
  });
  return times.sort((a, b) => a - b)[(RUNS - 1) / 2];
}

function report(label: string, figure: string): void {
  console.log(`${label.padEnd(44)}${figure.padStart(12)}`);
}

const random = seededRandom(0);
const weight = Float32Array.from({ length: CHANNELS ** 2 }, () => random.normal() * 0.02);
const activation = Float32Array.from({ length: TOKENS * CHANNELS }, () => random.normal());
const probabilities = activation.map((value) => Math.exp(-Math.abs(4 * value)));

/** 2 / n times the sum of x x^T over 1024 of the tokens: full rank, quick to compute. */
const hessian = new Float64Array(CHANNELS ** 2);
for (let token = 0; token < 1024; token++) {
  const x = activation.subarray(token * CHANNELS, (token + 1) * CHANNELS);
  for (let i = 0; i < CHANNELS; i++) {
    const row = hessian.subarray(i * CHANNELS, (i + 1) * CHANNELS);
    for (let j = 0; j < CHANNELS; j++) row[j] += 2 * x[i] * x[j];
  }
}

report(`Deno ${Deno.version.deno}`, `${navigator.hardwareConcurrency} threads`);
for (const groupSize of [128, "row"] as const) {
  for (const actOrder of [false, true]) {
    const options = { bits: 4, groupSize, actOrder, symmetric: false };
    report(
      `gptq 768 x 768, 4 bits, group ${groupSize}${actOrder ? ", act-order" : ""}`,
      `${median(() => gptq(weight, hessian, options)).toFixed(0)} ms`,
    );
  }
}

const out = new Float32Array(activation.length);
function throughput(label: string, work: () => void): void {
  const rate = activation.length / median(work) / 1e3;
  report(label, `${rate.toFixed(0)} M/s`);
}
for (const granularity of ["tensor", "channel"] as const) {
  const range = observeRange(activation, { channels: CHANNELS, granularity });
  const params = uniformParams(range, { bits: 8 });
  throughput(
    `fakeQuantizeUniform, 8 bits, per ${granularity}`,
    () => fakeQuantizeUniform(activation, params, out),
  );
}
const options = { channels: CHANNELS, bits: 8, K: 3 };
const trip = searchTrip(activation, options);
throughput("fakeQuantizeUniform, TRIP", () => fakeQuantizeUniform(activation, trip, out));
throughput("searchTrip, 8 bits, K = 3", () => searchTrip(activation, options));
for (const profile of ["paper", "released"] as const) {
  throughput(
    `fakeQuantizeLog2, 4 bits, ${profile}`,
    () => fakeQuantizeLog2(probabilities, { bits: 4, profile }, out),
  );
}
