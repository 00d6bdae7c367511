import { instructionLevels, type Measurement } from "../experiments/result/bench_record.ts";
import { agilePeer, pytorchPeer } from "./contenders/specs.ts";
import type { Suite } from "./harness/suite.ts";

const model = "OPT-125M";

/** Allocators that may take the place of the C library's: PyTorch's rate depends on it. */
const allocators = [
  { name: "tcmalloc", library: "libtcmalloc_minimal.so.4" },
  { name: "jemalloc", library: "libjemalloc.so.2" },
];

/** How many times as fast as PyTorch the suite aims to be. */
const aims: Record<string, number> = {
  "agile native, FP32": 1.2,
  "agile native, W4A8": 2.55,
  "agile relaxed SIMD, FP32": 0.5,
  "agile relaxed SIMD, W4A8": 1,
};

/** Perplexity of a whole model of OPT-125M's shape beside PyTorch. */
export const perplexity: Suite = {
  description: "perplexity of a model of OPT-125M's shape beside PyTorch",
  async run(bench) {
    const window = bench.options.quick ? 256 : 2048;
    const threads = navigator.hardwareConcurrency;
    const portable = instructionLevels.filter((level) => level !== "plain SIMD");
    const specs = [
      ...portable.map((level) => agilePeer(level, threads)),
      pytorchPeer("opt_perplexity.py", threads),
      ...allocators.map((allocator) => pytorchPeer("opt_perplexity.py", threads, allocator)),
    ];
    bench.noteMissing("llama.cpp", "no package registry that the suite installs from has it");
    await bench.withPeers(specs, async (peers) => {
      const job = (execution: string) => ({ kind: "perplexity", model, execution, window });
      await bench.measure("perplexity", [
        peers.flatMap((contender) =>
          contender.facts.library.startsWith("PyTorch")
            ? [{ job: job("FP32"), contender }]
            : ["FP32", "W4A8", "W4A4"].map((execution) => ({ job: job(execution), contender }))
        ),
      ]);
    });
  },
  tables({ measurements }) {
    const window = measurements[0]?.job.window;
    const peer = measurements.filter(({ contender }) => contender.startsWith("PyTorch"));
    const best = peer.length > 0 ? Math.min(...peer.map(({ median }) => median)) : undefined;
    return [{
      title: `Perplexity of a model of ${model}'s shape, window of ${window} tokens`,
      columns: ["contender", "tokens per second", "over the best PyTorch", "aim"],
      rows: measurements.map((each) => [
        `${each.contender}, ${each.job.execution}`,
        { ...rates(each), digits: 0 },
        best === undefined ? null : { value: best / each.median, digits: 2 },
        aims[`${each.contender.split(",")[0]}, ${each.job.execution}`] ?? null,
      ]),
      notes: ["in brackets the slowest and the fastest run; 4-bit weights are rounded to nearest"],
    }];
  },
};

/** Tokens per second. */
function rates({ job, median, low, high }: Measurement) {
  const rate = (milliseconds: number) => 1000 * Number(job.window) / milliseconds;
  return { value: rate(median), low: rate(high), high: rate(low) };
}
