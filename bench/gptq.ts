import type { Job } from "../experiments/result/bench_record.ts";
import { seededRandom } from "../lib/core/mod.ts";
import {
  fakeQuantizeLog2,
  fakeQuantizeUniform,
  observeRange,
  searchTrip,
  uniformGrid,
} from "../lib/quant/mod.ts";
import { agilePeer, allocators, pytorchPeer } from "./contenders/specs.ts";
import type { LocalContender, Suite } from "./harness/suite.ts";
import { clock } from "./harness/turn.ts";

/** Weight matrices, `[outputs, columns]`; the last is left out of a quick look. */
const shapes = [[768, 768], [576, 1536], [4096, 4096]];

/** Seconds for GPTQ of one matrix by all contenders: a quick look, and a close one. */
const [quickSeconds, fullSeconds] = [10, 120];

const channels = 768;
const tokens = 2048;

/** What is measured, by its name: an operation on numbers that were made beforehand. */
type Operations = Map<string, () => void>;

function operations(): Operations {
  const random = seededRandom(0);
  const activation = Float32Array.from({ length: tokens * channels }, () => random.normal());
  const probabilities = activation.map((value) => Math.exp(-Math.abs(4 * value)));
  const out = new Float32Array(activation.length);
  const trip = { channels, bits: 8, K: 3 };
  const tripParams = searchTrip(activation, trip);
  const named: Operations = new Map();
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

/** GPTQ of single layers beside PyTorch, and the quantizers of activations on a window. */
export const gptq: Suite = {
  description: "GPTQ of single layers beside PyTorch, and the quantizers of lib/quant",
  omitted: "the layer of 4096 x 4096; the quantizers",
  async run(bench) {
    const { quick } = bench.options;
    const threads = navigator.hardwareConcurrency;
    const specs = [
      ...[agilePeer("relaxed SIMD", threads), agilePeer("native", threads)],
      pytorchPeer(threads, allocators.at(-1)),
    ];
    await bench.withPeers(specs, async (peers) => {
      const heats = (quick ? shapes.slice(0, -1) : shapes).map(([outputs, columns]) => {
        const job = { kind: "gptq", outputs, columns, bits: 4, groupSize: 128 };
        return peers.map((contender) => ({ job, contender }));
      });
      await bench.measure("GPTQ", heats, {}, quick ? quickSeconds : fullSeconds);
    });
    if (quick) return;
    const named = operations();
    const contender: LocalContender = {
      name: "lib/quant",
      facts: { library: "JavaScript", level: null, threads: 1 },
      prepare: ({ operation }: Job) => {
        const work = named.get(String(operation))!;
        return () => ({ time: clock(work) });
      },
    };
    const heat = [...named.keys()].map((operation) => ({
      job: { kind: "quantizer", operation },
      contender,
    }));
    await bench.measure("quantizers", [heat]);
  },
  tables: ({ measurements }) =>
    [
      {
        title: "GPTQ of one weight matrix, from its Hessian to 4-bit codes in groups of 128",
        columns: ["outputs", "columns", "contender", "ms"],
        rows: measurements.filter(({ job }) => job.kind === "gptq")
          .map(({ job, contender, median, low, high }) => [
            ...[job.outputs, job.columns, contender],
            { value: median, low, high, digits: 1 },
          ]),
      },
      {
        title: `Quantizers on ${tokens} x ${channels} activations, in JavaScript`,
        columns: ["operation", "ms"],
        rows: measurements.filter(({ job }) => job.kind === "quantizer")
          .map(({ job, median, low, high }) => [
            String(job.operation),
            { value: median, low, high, digits: 1 },
          ]),
      },
    ].filter(({ rows }) => rows.length > 0),
};
