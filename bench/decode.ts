import type { ModelName } from "../experiments/measure/model_shapes.ts";
import { agilePeer, allocators, llamaPeer, pytorchPeer } from "./contenders/specs.ts";
import type { Peer } from "./harness/peer.ts";
import type { Entry, Heat, Suite } from "./harness/suite.ts";
import { engineOf } from "./harness/target.ts";
import type { StepJob } from "./jobs/step.ts";

const bundled = ["llama", "opt", "bloom"].map((family) => `data/models/${family}-encyclopedia`);

const lengths = [128, 512, 2048];

/** What the backend `agile` does of one length of cache. */
function ownSteps(model: ModelName, tokens: number): StepJob[] {
  return (["FP32", "W4A8"] as const).flatMap((execution) =>
    (["float32", "int8"] as const).map((cache) => ({ model, execution, tokens, cache }))
  );
}

/** What other engines do, by the first words of their names: execution and cache. */
const peerSteps: Record<string, [execution: string, cache: string][]> = {
  "PyTorch": [["FP32", "float32"], ["BF16", "bfloat16"]],
  "llama.cpp": [["F32", "float16"], ["Q8_0", "float16"], ["Q4_0", "float16"]],
};

/** How long a token takes that continues a text. */
export const decode: Suite = {
  description: "latency of one token against the length of the cache, beside other engines",
  omitted: "PyTorch; FP32; llama.cpp in F32 and Q8_0, and with more than 128 tokens; SmolLM2-135M",
  async run(bench) {
    const { quick } = bench.options;
    const threads = navigator.hardwareConcurrency;
    const specs = [
      ...[agilePeer("relaxed SIMD", threads), agilePeer("native", threads), llamaPeer(threads)],
      ...quick ? [] : [pytorchPeer(threads, allocators.at(-1))],
    ];
    await bench.withPeers(specs, async (peers) => {
      // All lengths at once: contenders open a model but once.
      const heats = quick ? [heatOf("OPT-125M", peers).filter(isHeadline)] : [
        ...(["OPT-125M", "SmolLM2-135M"] as const).map((model) => heatOf(model, peers)),
        bundledHeat(peers),
      ];
      await bench.measure("decoding", heats);
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
    notes: [
      "llama.cpp computes a LLaMA of that size, and chooses the token as well",
      "float16 of the checkpoint stays so where agile does not quantize it: the head, and all of FP32",
    ],
  }],
};

function heatOf(model: ModelName, peers: readonly Peer[]): Heat {
  return lengths.flatMap((tokens) =>
    peers.flatMap((contender) => {
      const others = peerSteps[engineOf(contender.name)];
      const jobs = others?.map(([execution, cache]) => ({ model, execution, tokens, cache })) ??
        ownSteps(model, tokens);
      return jobs.map((job) => ({ job: { kind: "step", ...job }, contender }));
    })
  );
}

/** What targets speak of. */
function isHeadline({ job, contender }: Entry): boolean {
  const engine = engineOf(contender.name);
  const execution = engine === "llama.cpp" ? "Q4_0" : "W4A8";
  if (job.execution !== execution) return false;
  return job.tokens === 128
    ? job.cache !== "int8"
    : job.tokens === 2048 && engine === "agile native";
}

function bundledHeat(peers: readonly Peer[]): Heat {
  const own = peers.filter(({ name }) => name.startsWith("agile"));
  return bundled.flatMap((model) => {
    const job = { kind: "step", model, execution: "FP32", tokens: 256, cache: "float32" };
    return own.map((contender) => ({ job, contender }));
  });
}
