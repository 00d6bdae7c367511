import { quantizedLinear } from "../lib/methods/mod.ts";
import { rtn, searchTrip } from "../lib/quant/mod.ts";
import type { LocalContender, Suite } from "./harness/suite.ts";
import { randomValues } from "./jobs/product.ts";

/** Scales and zero points included. */
const mostBytesPerWeight = 0.6;

const shapes = [{ outputs: 3072, columns: 768 }, { outputs: 4096, columns: 4096 }];

const packed: LocalContender = {
  name: "packed weights",
  facts: { library: "lib/methods", level: null, threads: 1 },
  prepare({ outputs, columns, groupSize }) {
    const [rows, width, group] = [Number(outputs), Number(columns), Number(groupSize)];
    const codes = rtn(randomValues(rows * width), {
      ...{ rows, columns: width, bits: 4, groupSize: group },
      ...{ symmetric: false, range: "minmax" },
    });
    const input = searchTrip(randomValues(16 * width), { channels: width, bits: 8, K: 3 });
    const { weight } = quantizedLinear(codes, input);
    return () => ({ "bytes per weight": bytesOf(weight) / (rows * width) });
  },
};

/** What all arrays of an object take; plain ones hold eight bytes an element. */
function bytesOf(holder: object): number {
  return Object.values(holder).reduce((sum, value) => {
    if (ArrayBuffer.isView(value)) return sum + value.byteLength;
    return sum + (Array.isArray(value) ? 8 * value.length : 0);
  }, 0);
}

/** What 4-bit weights take in memory. */
export const memory: Suite = {
  description: "bytes that a packed 4-bit weight takes",
  async run(bench) {
    const jobs = shapes.flatMap((shape) =>
      [128, shape.columns].map((groupSize) => ({ kind: "memory", ...shape, groupSize }))
    );
    const heat = jobs.map((job) => ({ job, contender: packed }));
    await bench.measure("memory", [heat], { "bytes per weight": "bytes/weight" });
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
