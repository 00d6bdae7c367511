import type { Job } from "../experiments/result/bench_record.ts";
import { seededRandom } from "../lib/core/mod.ts";
import {
  fakeQuantizeLog2,
  fakeQuantizeUniform,
  gptq as runGptq,
  observeRange,
  searchTrip,
  uniformGrid,
} from "../lib/quant/mod.ts";
import type { LocalContender, Suite } from "./harness/suite.ts";
import { clock } from "./harness/turn.ts";

const channels = 768;
const tokens = 2048;

/** What is measured, by its name: an operation on numbers that were made beforehand. */
type Operations = Map<string, () => void>;

function operations(): Operations {
  const random = seededRandom(0);
  const weight = Float32Array.from({ length: channels ** 2 }, () => random.normal() * 0.02);
  const activation = Float32Array.from({ length: tokens * channels }, () => random.normal());
  const probabilities = activation.map((value) => Math.exp(-Math.abs(4 * value)));
  const hessian = hessianOf(activation);
  const out = new Float32Array(activation.length);
  const trip = { channels, bits: 8, K: 3 };
  const tripParams = searchTrip(activation, trip);
  const named: Operations = new Map();
  for (const groupSize of [128, "row"] as const) {
    for (const actOrder of [false, true]) {
      const options = { bits: 4, groupSize, actOrder, symmetric: false };
      const order = actOrder ? ", act-order" : "";
      named.set(
        `gptq ${channels} x ${channels}, 4 bits, group ${groupSize}${order}`,
        () => runGptq(weight, hessian, options),
      );
    }
  }
  for (const granularity of ["tensor", "channel"] as const) {
    const params = uniformGrid(observeRange(activation, { channels, granularity }), { bits: 8 });
    named.set(
      `fakeQuantizeUniform, 8 bits, per ${granularity}`,
      () => fakeQuantizeUniform(activation, params, out),
    );
  }
  named.set("fakeQuantizeUniform, TRIP", () => fakeQuantizeUniform(activation, tripParams, out));
  named.set("searchTrip, 8 bits, K = 3", () => searchTrip(activation, trip));
  for (const profile of ["paper", "released"] as const) {
    named.set(
      `fakeQuantizeLog2, 4 bits, ${profile}`,
      () => fakeQuantizeLog2(probabilities, { bits: 4, profile }, out),
    );
  }
  return named;
}

/** 2 / n times the sum of x x^T over half of the tokens: full rank, quick to compute. */
function hessianOf(activation: Float32Array): Float64Array {
  const hessian = new Float64Array(channels ** 2);
  for (let token = 0; token < tokens / 2; token++) {
    const x = activation.subarray(token * channels, (token + 1) * channels);
    for (let i = 0; i < channels; i++) {
      const row = hessian.subarray(i * channels, (i + 1) * channels);
      for (let j = 0; j < channels; j++) row[j] += 2 * x[i] * x[j];
    }
  }
  return hessian;
}

/** GPTQ on one square layer, and the quantizers of activations on a window. */
export const gptq: Suite = {
  description: "GPTQ on one layer, and the quantizers of lib/quant",
  async run(bench) {
    const named = operations();
    const contender: LocalContender = {
      name: "lib/quant",
      facts: { library: "JavaScript", level: null, threads: 1 },
      prepare: ({ operation }: Job) => {
        const work = named.get(String(operation))!;
        return () => ({ time: clock(work) });
      },
    };
    const chosen = [...named.keys()].slice(bench.options.quick ? -3 : 0);
    const heat = chosen.map((operation) => ({ job: { kind: "quantizer", operation }, contender }));
    await bench.measure("quantizers", [heat]);
  },
  tables: ({ measurements }) => [{
    title: `GPTQ, and quantizers on ${tokens} x ${channels} activations, in JavaScript`,
    columns: ["operation", "ms"],
    rows: measurements.map(({ job, median, low, high }) => [
      String(job.operation),
      { value: median, low, high, digits: 1 },
    ]),
  }],
};
