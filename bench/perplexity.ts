import type {
  Job,
  Machine,
  Measurement,
  OperandTypes,
} from "../experiments/result/bench_record.ts";
import type { ModelName } from "../experiments/measure/model_shapes.ts";
import { agilePeer, allocators, llamaPeer, pytorchPeer } from "./contenders/specs.ts";
import { byteProducts, engineOf } from "./harness/target.ts";
import type { Peer } from "./harness/peer.ts";
import type { Entry, Suite } from "./harness/suite.ts";

/** A model's window, and in what the engines compute it, by the first words of their names. */
interface Stage {
  model: ModelName;
  window: number;
  engines: Record<string, string[]>;
}

const own: OperandTypes[] = ["FP32", "W4A8", "W4A4"];
const headline: OperandTypes[] = ["FP32", "W4A8"];
const pytorch = ["FP32", "BF16"];
const llama = ["F32", "Q8_0", "Q4_0"];

/** What takes turns with each other: one window after the other. */
const plan: Stage[][] = [
  [{
    model: "OPT-125M",
    window: 2048,
    engines: {
      "agile native": own,
      "agile relaxed SIMD": own,
      "PyTorch": pytorch,
      "llama.cpp": llama,
    },
  }],
  [{
    model: "SmolLM2-135M",
    window: 2048,
    engines: { "agile native": headline, "PyTorch": pytorch, "llama.cpp": llama },
  }],
];

/** What targets speak of; of a model all at once, so that contenders open it but once. */
function quickPlan(machine: Machine): Stage[][] {
  const best = byteProducts(machine) === "AMX" ? pytorch : ["FP32"];
  return [
    [
      { model: "OPT-125M", window: 2048, engines: { "agile native": headline, "PyTorch": best } },
      {
        model: "OPT-125M",
        window: 512,
        engines: { "agile relaxed SIMD": headline, "PyTorch": ["FP32"] },
      },
    ],
    [{
      model: "SmolLM2-135M",
      window: 2048,
      engines: { "agile native": headline, "PyTorch": ["FP32"] },
    }],
  ];
}

/** Seconds of a quick look at one model, for all engines together. */
const quickSeconds = 25;

/** The window that is enough to warm up, where there is little time. */
const warmUpWindow = 256;

/** Perplexity of whole models beside PyTorch and llama.cpp. */
export const perplexity: Suite = {
  description:
    "perplexity of models of the shapes of OPT-125M and SmolLM2-135M beside other engines",
  omitted: "windows of 2048 without oneDNN; W4A4; llama.cpp; BF16 where there is no AMX",
  async run(bench) {
    const { quick, machine } = bench.options;
    const threads = navigator.hardwareConcurrency;
    const specs = [
      agilePeer("native", threads),
      agilePeer("relaxed SIMD", threads),
      ...allocators.map((allocator) => pytorchPeer(threads, allocator)),
      ...quick ? [] : [pytorchPeer(threads), llamaPeer(threads)],
    ];
    await bench.withPeers(specs, async (peers) => {
      const chosen = quick ? firstOfEach(peers) : peers;
      const heats = (quick ? quickPlan(machine) : plan).map((stages) =>
        stages.flatMap((stage) => entriesOf(stage, chosen, quick ? warmUpWindow : undefined))
      );
      await bench.measure("perplexity", heats, {}, quick ? quickSeconds : undefined);
    });
  },
  tables({ measurements }) {
    const titles = new Set(measurements.map(titleOf));
    return [...titles].map((title) => {
      const measured = measurements.filter((each) => titleOf(each) === title);
      const peer = measured.filter(({ contender, job }) =>
        engineOf(contender) === "PyTorch" && job.execution === "FP32"
      );
      const best = peer.length > 0 ? Math.min(...peer.map(({ median }) => median)) : undefined;
      return {
        title,
        columns: ["contender", "tokens per second", "over the best PyTorch in FP32"],
        rows: measured.map((each) => [
          `${each.contender}, ${each.job.execution}`,
          { ...rates(each), digits: 0 },
          best === undefined ? null : { value: best / each.median, digits: 2 },
        ]),
        notes: [
          "in brackets the slowest and the fastest run; 4-bit weights are rounded to nearest",
          "llama.cpp computes a LLaMA of that size, and neither logits nor losses",
        ],
      };
    });
  },
};

/** The peers without those whose engine another of them has already. */
function firstOfEach(peers: readonly Peer[]): Peer[] {
  return peers.filter(({ name }, index) =>
    peers.findIndex((each) => engineOf(each.name) === engineOf(name)) === index
  );
}

/** @param lighter The window to warm up with, if not the stage's own. */
function entriesOf(
  { model, window, engines }: Stage,
  peers: readonly Peer[],
  lighter?: number,
): Entry[] {
  return peers.flatMap((contender) => {
    const engine = engineOf(contender.name);
    return (engines[engine] ?? []).map((execution): Entry => {
      const jobOf = (window: number): Job =>
        engine === "llama.cpp"
          ? { kind: "prefill", model, execution, tokens: window }
          : { kind: "perplexity", model, execution, window };
      return { job: jobOf(window), warmUp: lighter ? jobOf(lighter) : undefined, contender };
    });
  });
}

function titleOf({ job }: Measurement): string {
  return `Perplexity of a model of ${job.model}'s shape, window of ${windowOf(job)} tokens`;
}

function windowOf({ window, tokens }: Measurement["job"]): number {
  return Number(window ?? tokens);
}

/** Tokens per second. */
function rates({ job, median, low, high }: Measurement) {
  const rate = (milliseconds: number) => 1000 * windowOf(job) / milliseconds;
  return { value: rate(median), low: rate(high), high: rate(low) };
}
