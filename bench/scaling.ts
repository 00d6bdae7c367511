import type { Measurement } from "../experiments/result/bench_record.ts";
import type { Table } from "../lib/report/mod.ts";
import { agilePeer } from "./contenders/specs.ts";
import type { Entry, Suite } from "./harness/suite.ts";

const base = { layers: 2, window: 256, batch: 1 };

/** One size at a time is varied. */
const sweeps: { size: keyof typeof base; values: number[] }[] = [
  { size: "window", values: [256, 512, 1024, 2048, 4096] },
  { size: "layers", values: [1, 2, 4, 8, 12, 24] },
  { size: "batch", values: [1, 2, 4, 8] },
];

/** How time and memory of a forward pass grow. */
export const scaling: Suite = {
  description: "time and memory against window, layers and batch",
  async run(bench) {
    const { quick } = bench.options;
    const threads = navigator.hardwareConcurrency;
    for (const model of quick ? ["small"] : ["small", "OPT-125M"]) {
      for (const { size, values } of sweeps) {
        const jobs = values.slice(0, quick ? 2 : undefined)
          .map((value) => ({ kind: "forward", model, ...base, [size]: value }));
        // A process per job: the largest memory is that of the process.
        await bench.withPeers(jobs.map(() => agilePeer("native", threads)), async (peers) => {
          const heat = peers.map((contender, index): Entry => ({ job: jobs[index], contender }));
          const units = { "peak memory": "bytes", "tensor memory": "bytes" } as const;
          await bench.measure(`${model} against ${size}`, [heat], units);
        });
      }
    }
  },
  tables({ measurements }) {
    const models = [...new Set(measurements.map(({ job }) => job.model))];
    return models.map((model) =>
      scalingTable(measurements.filter(({ job }) => job.model === model))
    );
  },
};

function scalingTable(measurements: Measurement[]): Table {
  const times = measurements.filter(({ quantity }) => quantity === "time");
  const mebibytes = ({ job }: Measurement, quantity: string) => {
    const found = measurements.find((each) => each.job === job && each.quantity === quantity)!;
    return { value: found.median / 2 ** 20, digits: 0 };
  };
  return {
    title: `Forward pass of ${times[0].job.model}'s blocks in FP32`,
    columns: ["layers", "window", "batch", "ms", "process MiB at most", "tensors MiB"],
    rows: times.map((each) => [
      ...[each.job.layers, each.job.window, each.job.batch],
      { value: each.median, digits: 1 },
      mebibytes(each, "peak memory"),
      mebibytes(each, "tensor memory"),
    ]),
  };
}
