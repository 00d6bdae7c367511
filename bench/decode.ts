import { instructionLevels } from "../experiments/result/bench_record.ts";
import { agilePeer } from "./contenders/specs.ts";
import type { Suite } from "./harness/suite.ts";
import type { StepJob } from "./jobs/step.ts";

const bundled = ["llama", "opt", "bloom"].map((family) => `data/models/${family}-encyclopedia`);

const plan: StepJob[] = [
  ...[128, 512, 2048].flatMap((tokens) =>
    (["FP32", "W4A8"] as const).flatMap((execution) =>
      (["float32", "int8"] as const).map((cache) => (
        { model: "OPT-125M", execution, tokens, cache }
      ))
    )
  ),
  ...bundled.map((model) => (
    { model, execution: "FP32", tokens: 256, cache: "float32" } as const
  )),
];

/** How long a token takes that continues a text. */
export const decode: Suite = {
  description: "latency of one token against the length of the cache",
  async run(bench) {
    const threads = navigator.hardwareConcurrency;
    const levels = instructionLevels.filter((level) => level !== "plain SIMD");
    const jobs = bench.options.quick ? plan.filter(({ model }) => bundled.includes(model)) : plan;
    await bench.withPeers(levels.map((level) => agilePeer(level, threads)), async (peers) => {
      const heat = jobs.flatMap((job) =>
        peers.map((contender) => ({ job: { kind: "step", ...job }, contender }))
      );
      await bench.measure("decoding", [heat]);
    });
  },
  tables: ({ measurements }) => [{
    title: "One more token, from its id to its logits",
    columns: ["model", "execution", "cached tokens", "cache", "contender", "ms"],
    rows: measurements.map(({ job, contender, median, low, high }) => [
      ...[job.model, job.execution, job.tokens, job.cache],
      contender,
      { value: median, low, high, digits: 2 },
    ]),
  }],
};
