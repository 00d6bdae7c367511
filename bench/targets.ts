import type { Target } from "./harness/target.ts";

const model = { kind: "perplexity", model: "OPT-125M", window: 2048 };
const smallLlama = { ...model, model: "SmolLM2-135M" };
const token = { kind: "step", model: "OPT-125M", execution: "W4A8" };
const layer = { kind: "product", columns: 4096, outputs: 4096 };

/** What `deno task bench` aims at, in order: times as fast as another, or milliseconds. */
export const targets: Target[] = [
  ...[
    { job: model, floats: 1.5 },
    { job: smallLlama, floats: 1 },
  ].flatMap(({ job, floats }): Target[] => [
    {
      fast: { engine: "agile native", job: { ...job, execution: "FP32" } },
      slow: { engine: "PyTorch" },
      atLeast: floats,
    },
    {
      fast: { engine: "agile native", job: { ...job, execution: "W4A8" } },
      slow: { engine: "PyTorch", job: { execution: "FP32" } },
      atLeast: 2.55,
    },
  ]),
  {
    fast: { engine: "agile native", job: { ...model, execution: "W4A8" } },
    slow: { engine: "PyTorch", job: { execution: "BF16" } },
    atLeast: { AMX: 2 / 3 },
  },
  {
    fast: { engine: "agile native", job: { ...model, execution: "W4A8" } },
    slow: { engine: "agile native", job: { execution: "FP32" } },
    atLeast: 2,
  },
  ...([["FP32", 0.6], ["W4A8", 1]] as const).map(([execution, atLeast]): Target => ({
    fast: {
      engine: "agile relaxed SIMD",
      job: { kind: "perplexity", model: "OPT-125M", execution }, // of the longest window measured
    },
    slow: { engine: "PyTorch", job: { execution: "FP32" } },
    atLeast,
  })),
  {
    fast: { engine: "agile native", job: { ...token, tokens: 128, cache: "float32" } },
    atMost: 10,
  },
  {
    fast: { engine: "agile native", job: { ...token, tokens: 128, cache: "float32" } },
    slow: { engine: "llama.cpp", job: { execution: "Q4_0", cache: "float16" } },
    atLeast: 1,
  },
  {
    fast: { engine: "agile relaxed SIMD", job: { ...token, tokens: 128, cache: "float32" } },
    atMost: 20,
  },
  {
    fast: { engine: "agile native", job: { ...token, tokens: 2048, cache: "int8" } },
    atMost: 20,
  },
  {
    fast: { engine: "agile native", job: { ...token, tokens: 2048, cache: "int8" } },
    slow: { engine: "agile native", job: { cache: "float32" } },
    atLeast: 1,
  },
  ...([
    ["int4", 1, 1],
    ["int4", 128, 2],
    ["int4", 2048, 2],
    ["int8", 1, 1],
    ["int8", 128, { AMX: 3, VNNI: 1.2 }],
    ["int8", 2048, { AMX: 3, VNNI: 1.2 }],
  ] as const).map(([numbers, rows, atLeast]): Target => ({
    fast: { engine: "agile native", job: { ...layer, rows, numbers } },
    slow: { engine: "onnxruntime" },
    atLeast,
  })),
  ...[[768, 768], [576, 1536], [4096, 4096]].flatMap(([outputs, columns]): Target[] => [
    {
      fast: { engine: "agile native", job: { kind: "gptq", outputs, columns } },
      slow: { engine: "PyTorch" },
      atLeast: 1,
    },
    {
      fast: { engine: "agile relaxed SIMD", job: { kind: "gptq", outputs, columns } },
      slow: { engine: "PyTorch" },
      atLeast: 1 / 3,
    },
  ]),
];
