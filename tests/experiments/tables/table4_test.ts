import { assertEquals } from "@std/assert";
import { judgeSpeed, table4, table4Rows } from "../../../experiments/tables/table4.ts";
import { verdictLegend } from "../../../lib/core/mod.ts";
import { blockRecord } from "../result/bench_fixture.ts";

const rows = table4Rows(blockRecord);

Deno.test("table4Rows() has a block's time as often as the model has blocks", () => {
  const latencies = rows.filter(({ here }) => here.native)
    .map(({ model, bits, here }) => [model, bits, here.native!.seconds.value]);
  assertEquals(latencies, [
    ["OPT-125M", "FP16", 0.72],
    ["OPT-125M", "8", 0.36],
    ["OPT-125M", "4", 0.3],
    ["LLaMA-7B", "FP16", 32],
    ["LLaMA-7B", "8", 16],
  ]);
});

Deno.test("table4Rows() takes speed-ups over floats of the same instruction level", () => {
  const { here } = rows.find(({ model, bits }) => model === "OPT-125M" && bits === "8")!;
  assertEquals(here.native!.speedup, { value: 2, low: 1.25, high: 3.2 });
  assertEquals(here["plain SIMD"]!.speedup, { value: 1.2, low: 1.2, high: 1.2 });
  assertEquals(here["relaxed SIMD"], undefined);
});

Deno.test("table4Rows() keeps the paper's figures beside them", () => {
  assertEquals(rows.length, 12);
  const { androidSeconds, raspberrySeconds, paperSpeedup } = rows[1];
  assertEquals([androidSeconds, raspberrySeconds, paperSpeedup], [0.58, 80.34, 1.7]);
});

Deno.test("table4Rows() of a model that the paper does not have are its own alone", () => {
  const native = (execution: string, median: number) => ({
    job: { kind: "block", model: "SmolLM2-135M", execution, phase: "prefill", tokens: 128 },
    ...{ contender: "native", quantity: "time", unit: "ms" as const, runs: 5 },
    ...{ median, low: median, high: median },
  });
  const measurements = [native("FP32", 30), native("W4A8", 15)];
  const record = { ...blockRecord, measurements: [...blockRecord.measurements, ...measurements] };
  const own = table4Rows(record, ["SmolLM2-135M"]);
  assertEquals(
    own.map(({ bits, here, paperSpeedup }) => [bits, here.native?.seconds.value, paperSpeedup]),
    [
      ["FP16", 0.9, null],
      ["8", 0.45, null],
      ["4", undefined, null],
    ],
  );
  assertEquals(own[1].here.native!.speedup.value, 2);
  const { columns, rows: shown } = table4(record, ["SmolLM2-135M"]);
  assertEquals(columns, ["Model", "Bits", "here, native: s", "here, native: speed-up"]);
  assertEquals(shown.map((cells) => cells.length), [4, 4, 4]);
  assertEquals(
    table4Rows(record, ["OPT-125M"]),
    table4Rows(blockRecord).filter(({ model }) => model === "OPT-125M"),
  );
});

Deno.test("judgeSpeed() judges each instruction level by all of its models", () => {
  assertEquals(judgeSpeed(rows).map(({ level, verdict }) => `${level}: ${verdict}`), [
    "plain SIMD: contradicted",
    "plain SIMD: not testable here",
    "relaxed SIMD: not testable here",
    "relaxed SIMD: not testable here",
    "native: undecided",
    "native: undecided",
  ]);
  assertEquals(judgeSpeed(rows).at(-2), {
    claim: "INT8 is 1.8-1.9x as fast as floating point",
    level: "native",
    verdict: "undecided",
    evidence: "OPT-125M 2.00 [1.25, 3.20]: undecided, LLaMA-7B 2.00 [1.50, 2.20]: undecided",
  });
});

Deno.test("judgeSpeed() names the verdict of each model, and lets one contradict the claim", () => {
  const [row] = rows.filter(({ bits }) => bits === "8");
  const here = (low: number, high: number) => ({
    ...row,
    here: { native: { seconds: { value: 1 }, speedup: { value: low, low, high } } },
  });
  const judged = (...models: typeof rows) =>
    judgeSpeed(models).find(({ level }) => level === "native")!;
  assertEquals(judged(here(1.85, 2), here(0.71, 2.14)).verdict, "undecided");
  assertEquals(judged(here(1.85, 2), here(1.81, 9)).verdict, "reproduced");
  const { verdict, evidence } = judged(here(1.85, 2), here(1.2, 1.75));
  assertEquals(verdict, "contradicted");
  assertEquals(
    evidence,
    "OPT-125M 1.85 [1.85, 2.00]: reproduced, OPT-125M 1.20 [1.20, 1.75]: contradicted",
  );
});

Deno.test("table4() has two columns for each level that was measured, and a note for each verdict", () => {
  const { columns, rows, notes } = table4(blockRecord);
  assertEquals(columns.slice(2), [
    "here, plain SIMD: s",
    "here, plain SIMD: speed-up",
    "here, native: s",
    "here, native: speed-up",
    "the paper, with pruning: Android s",
    "the paper, with pruning: Raspberry s",
    "the paper, with pruning: speed-up",
  ]);
  assertEquals(rows[2].slice(2), [
    null,
    null,
    { value: 0.3, digits: 3 },
    { value: 2.4, low: 2, high: 4, digits: 2 },
    ...[0.44, 61.16, 2.3],
  ]);
  assertEquals(notes!.length, 8);
  assertEquals(
    notes![1],
    'plain SIMD: "INT8 is 1.8-1.9x as fast as floating point": contradicted ' +
      "(OPT-125M 1.20 [1.20, 1.20]: contradicted)",
  );
  assertEquals(notes!.at(-1), verdictLegend);
});
