import { assertEquals } from "@std/assert";
import type { Reading } from "../../lib/eval/mod.ts";
import { methods } from "../../lib/methods/mod.ts";
import {
  alignedLines,
  describeReport,
  type PerplexityReport,
  type TextRead,
} from "../../tools/perplexity_report.ts";

const estimate = { value: 3.83921, low: 3.71399, high: 3.97063 };
const survivors: Reading = { perplexity: estimate, scored: 1533, windowLosses: [1.3, 1.3, 1.3] };
const compared = (ratio: number): Reading => ({
  ...survivors,
  ratio: { value: ratio, low: ratio - 0.01, high: ratio + 0.01 },
  divergence: { value: 0.012345, low: 0.0119, high: 0.0131 },
  divergencePercentiles: { p50: 0.0051, p95: 0.0402, p99: 0.1009, max: 1.2345 },
  agreement: { value: 0.9271, low: 0.92, high: 0.9351 },
});

const text: TextRead = {
  source: "texts/test.txt",
  sha256: "0123456789abcdef",
  startToken: { place: "window", id: 0 },
  tokens: 1600,
};

const calibration = {
  ...text,
  source: "encyclopedia calibration",
  sha256: "fedcba9876543210",
  tokens: 130_000,
  ...{ window: 512, weightWindows: 32, activationWindows: 10, seed: 7 },
};

const report: PerplexityReport = {
  model: "models/tiny",
  weights: "abcdef0123456789",
  stored: {
    ...{ forms: ["Q4_1", "Q6_K"], matrices: 8, weights: 1000, byteLength: 655 },
    bitsPerWeight: 5.24,
  },
  method: "fp16",
  title: "FP16",
  settings: {},
  execute: "emulate",
  text,
  window: 512,
  windows: 3,
  windowsInText: 3,
  result: { survivors },
  seconds: 0.5,
  tokensPerSecond: 3072.4,
  backend: {
    backend: "agile",
    matrixProduct: "oneDNN 2.6.3",
    integerProduct: "oneDNN 2.6.3",
    instructions: "relaxed SIMD",
    threads: 2,
  },
  code: {
    commit: "0a1b2c",
    date: "2026-11-29",
    deno: "2.9.6",
    machine: "a test",
    tfjs: "4.22.0",
    lock: "1234",
  },
  warnings: [],
};

Deno.test("describeReport() aligns what there is", () => {
  assertEquals(describeReport(report).split("\n"), [
    "model               models/tiny (weights abcdef012345)",
    "stored as           Q4_1, Q6_K: 5.24 bits per weight of the linear maps, all counted",
    "method              fp16 (FP16)",
    "tested on           texts/test.txt (sha256 0123456789ab, 1600 tokens)",
    "start token         0 in every window",
    "scored              1533 tokens in 3 windows of 512",
    "perplexity          3.8392 [3.7140, 3.9706] (95 %)",
    "speed               3072 tokens/s after the first window",
    "backend             agile, oneDNN 2.6.3, relaxed SIMD, 2 threads",
    "code                commit 0a1b2c, Deno 2.9.6, TensorFlow.js 4.22.0",
  ]);
});

Deno.test("describeReport() says where a model comes from, and which counts are as published", () => {
  const lines = (tokens: number) =>
    describeReport({
      ...report,
      model: "org/tiny",
      hub: { repository: "org/tiny", commit: "fedcba9876543210" },
      text: { ...text, source: "wikitext2 test", tokens, publishedTokens: 287_644 },
    }).split("\n");
  const [model, , , tested] = lines(287_644);
  assertEquals([model, tested], [
    "model               org/tiny (commit fedcba987654, weights abcdef012345)",
    "tested on           wikitext2 test (sha256 0123456789ab, 287644 tokens, as published)",
  ]);
  assertEquals(lines(7)[3], "tested on           wikitext2 test (sha256 0123456789ab, 7 tokens)");
});

Deno.test("describeReport() says how many bits activations had where a run counted them", () => {
  const lines = describeReport({ ...report, activationBits: 4.256 }).split("\n");
  assertEquals(lines.filter((line) => line.startsWith("read in")), [
    "read in             4.26 bits per activation, as counted",
  ]);
  assertEquals(describeReport(report).includes("read in"), false);
});

Deno.test("describeReport() says how a method quantizes, prunes and calibrates", () => {
  const { title, settings } = methods["agileq-4/8"];
  const lines = describeReport({
    ...report,
    ...{ method: "agileq-4/8", title, settings },
    execute: "integer",
    quantized: { ...report.stored, forms: ["4 bits in groups of 128"], bitsPerWeight: 4.31 },
    pruning: { beta: 0.1, layers: [2, 3], positions: "keep" },
    calibration,
    result: { survivors, denseOnSurvivors: survivors, allPositions: survivors },
  }).split("\n");
  assertEquals(lines.slice(2, 10), [
    "method              agileq-4/8 (AgileQ-4/8)",
    "weights             bits 4, groupSize 128, actOrder true, symmetric false, blockSize 128, " +
    "percdamp 0.01",
    "quantized to        4 bits in groups of 128: 4.31 bits per weight of the linear maps, all counted",
    'activations         bits 8, profile paper, lower {"share":0.5,"inherited":false}',
    "linear maps in      integers (oneDNN 2.6.3)",
    "pruning             0.1 of the tokens in layers 2, 3, positions kept",
    "calibrated on       encyclopedia calibration (sha256 fedcba987654, 130000 tokens)",
    "                    32 windows of 512, the first 10 for activations, seed 7",
  ]);
  assertEquals(lines.slice(13, 16), [
    "survivors           3.8392 [3.7140, 3.9706] (95 %)",
    "dense on survivors  3.8392 [3.7140, 3.9706] (95 %)",
    "all positions       3.8392 [3.7140, 3.9706] (95 %)",
  ]);
});

Deno.test("describeReport() names no windows for activations where these are not calibrated", () => {
  const { title, settings } = methods.rtn4;
  const weightsAlone = { ...calibration, activationWindows: 0 };
  const lines = describeReport({
    ...{ ...report, method: "rtn4", title, settings },
    calibration: weightsAlone,
  }).split("\n");
  assertEquals(lines.slice(3, 6), [
    "weights             bits 4, groupSize row, symmetric false, range minmax",
    "calibrated on       encyclopedia calibration (sha256 fedcba987654, 130000 tokens)",
    "                    32 windows of 512, seed 7",
  ]);
});

Deno.test("describeReport() puts a comparison with full precision under headings", () => {
  const result = { survivors: compared(1.1), denseOnSurvivors: compared(1.05) };
  const lines = describeReport({ ...report, result }).split("\n");
  assertEquals(lines.slice(6, 13), [
    "baseline            dequantized Q4_1, Q6_K",
    "                    perplexity (95 %)        over baseline (95 %)     same top token (95 %)",
    "survivors           3.8392 [3.7140, 3.9706]  1.1000 [1.0900, 1.1100]  92.7 [92.0, 93.5] %",
    "dense on survivors  3.8392 [3.7140, 3.9706]  1.0500 [1.0400, 1.0600]  92.7 [92.0, 93.5] %",
    "KL divergence, nats mean (95 %)              median   95 %     99 %     greatest",
    "survivors           0.0123 [0.0119, 0.0131]  0.0051   0.0402   0.1009   1.2345",
    "dense on survivors  0.0123 [0.0119, 0.0131]  0.0051   0.0402   0.1009   1.2345",
  ]);
});

Deno.test("describeReport() calls what is compared by its method where nothing is pruned", () => {
  const lines = describeReport({ ...report, method: "rtn4", result: { survivors: compared(1) } })
    .split("\n");
  assertEquals(lines.slice(8, 11).map((line) => line.slice(0, 20).trimEnd()), [
    "rtn4",
    "KL divergence, nats",
    "rtn4",
  ]);
});

Deno.test("describeReport() says of how many windows the scored ones are the first", () => {
  const lines = describeReport({ ...report, windowsInText: 140 }).split("\n");
  assertEquals(
    lines[5],
    "scored              1533 tokens in 3 windows of 512, the first of 140 by --windows 3",
  );
});

Deno.test("describeReport() counts one window and one token in the singular", () => {
  const one = { ...survivors, scored: 1 };
  const lines = describeReport({
    ...report,
    windows: 1,
    windowsInText: 1,
    result: { survivors: one },
  })
    .split("\n");
  assertEquals(lines[5], "scored              1 token in 1 window of 512");
});

Deno.test("alignedLines() puts a space behind the longest name, and leaves out what is not known", () => {
  const lines = alignedLines([["speed", "fast"], ["agileq-8-activations", "3.8", "1.0"], [
    "backend",
    undefined,
  ]]).split("\n");
  assertEquals(lines, [
    "speed                fast",
    "agileq-8-activations 3.8                      1.0",
  ]);
  assertEquals(alignedLines([["speed", "fast"]]), "speed               fast");
});
