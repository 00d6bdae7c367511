import type {
  BenchRecord,
  InstructionLevel,
  OperandTypes,
} from "../../../experiments/result/bench_record.ts";

const operations = ["norms", "q/k/v", "softmax"];

/** What one contender gave for a block: its time, low, high, and a part for each operation. */
function measured(
  contender: string,
  execution: OperandTypes,
  model: string,
  [median, low, high]: number[],
): BenchRecord["measurements"] {
  const job = { kind: "block", model, execution, phase: "prefill", tokens: 128 };
  const share = (index: number, time: number) => (index + 1) * time / 6;
  const shared = { job, contender, unit: "ms" as const, runs: 5 };
  return [
    { ...shared, quantity: "time", median, low, high },
    ...operations.map((quantity, index) => ({
      ...shared,
      ...{
        quantity,
        median: share(index, median),
        low: share(index, low),
        high: share(index, high),
      },
    })),
  ];
}

const contender = (level: InstructionLevel) => ({
  library: `a ${level} library`,
  level,
  threads: 2,
});

/** A record of suite `block`, of round figures. */
export const blockRecord: BenchRecord = {
  suite: "block",
  machine: {
    processor: "A processor",
    cores: 2,
    extensions: ["avx2"],
    memoryBytes: 2 ** 34,
    system: "a system",
  },
  versions: { Deno: "2.9.6" },
  commit: "0123456789ab",
  started: "2024-02-20T12:00:00.000Z",
  seconds: 60,
  quick: false,
  complete: true,
  contenders: { native: contender("native"), plain: contender("plain SIMD") },
  measurements: [
    ...measured("native", "FP32", "OPT-125M", [60, 50, 80]),
    ...measured("native", "W4A8", "OPT-125M", [30, 25, 40]),
    ...measured("native", "W4A4", "OPT-125M", [25, 20, 25]),
    ...measured("plain", "FP32", "OPT-125M", [120, 120, 120]),
    ...measured("plain", "W4A8", "OPT-125M", [100, 100, 100]),
    ...measured("native", "FP32", "LLaMA-7B", [1000, 900, 1100]),
    ...measured("native", "W4A8", "LLaMA-7B", [500, 500, 600]),
  ],
  missing: [{ contender: "PyTorch", reason: "it is not installed" }],
};
