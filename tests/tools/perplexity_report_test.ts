import { assertEquals } from "@std/assert";
import type { StartToken } from "../../lib/model/mod.ts";
import { describeReport } from "../../tools/perplexity_report.ts";

const report = {
  model: "models/tiny",
  method: "fp16",
  startToken: { place: "window", id: 0 } as StartToken,
  window: 512,
  windows: 3,
  perplexity: { value: 3.83921, low: 3.71399, high: 3.97063 },
  scored: 1533,
  seconds: 0.5,
  tokensPerSecond: 3072.4,
  matrixProduct: "oneDNN 2.6.3",
};

Deno.test("describeReport() aligns what there is", () => {
  assertEquals(describeReport(report).split("\n"), [
    "model               models/tiny",
    "method              fp16",
    "start token         0 in every window",
    "perplexity          3.8392 [3.7140, 3.9706] (95 %)",
    "scored              1533 tokens in 3 windows of 512",
    "speed               3072 tokens/s (oneDNN 2.6.3)",
  ]);
});

Deno.test("describeReport() adds calibration and the readings of a pruned run", () => {
  const lines = describeReport({
    ...report,
    method: "agileq-8",
    profile: "released",
    calibration: "the built-in encyclopedia: 128 windows of 512, seed 0",
    denseOnSurvivors: { value: 4 },
    allPositions: { value: 5, low: 4.5, high: 5.5 },
  }).split("\n");
  assertEquals(lines.slice(1, 3), [
    "method              agileq-8 (profile released)",
    "calibrated on       the built-in encyclopedia: 128 windows of 512, seed 0",
  ]);
  assertEquals(lines.slice(5, 7), [
    "dense on survivors  4.0000",
    "all positions       5.0000 [4.5000, 5.5000] (95 %)",
  ]);
});
