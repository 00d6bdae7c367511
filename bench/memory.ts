import { agilePeer } from "./contenders/specs.ts";
import type { Suite } from "./harness/suite.ts";

/** Scales and zero points included. */
const mostBytesPerWeight = 0.6;

const shapes = [{ outputs: 3072, columns: 768 }, { outputs: 4096, columns: 4096 }];

/** What 4-bit weights take in memory. */
export const memory: Suite = {
  description: "bytes that a packed 4-bit weight takes",
  async run(bench) {
    const measured = bench.options.quick ? shapes.slice(0, 1) : shapes;
    const jobs = measured.flatMap((shape) =>
      [128, shape.columns].map((groupSize) => ({ kind: "packed weight", ...shape, groupSize }))
    );
    await bench.withPeers([agilePeer("native", 1)], async (peers) => {
      const heat = peers.flatMap((contender) => jobs.map((job) => ({ job, contender })));
      await bench.measure("memory", [heat], { "bytes per weight": "bytes/weight" });
    });
  },
  tables: ({ measurements }) => [{
    title: "Bytes per 4-bit weight, scales and zero points included",
    columns: ["outputs", "columns", "group", "bytes", `at most ${mostBytesPerWeight}`],
    rows: measurements.map(({ job, median }) => [
      ...[job.outputs, job.columns, job.groupSize],
      { value: median, digits: 3 },
      median <= mostBytesPerWeight ? "yes" : "no",
    ]),
  }],
};
