import { assertEquals } from "@std/assert";
import { byteProducts, judge, type Target, targetTable } from "../../bench/harness/target.ts";
import { targets } from "../../bench/targets.ts";
import type { BenchRecord, Job, Measurement } from "../../experiments/result/bench_record.ts";
import { toText } from "../../lib/report/mod.ts";

type Timed = [contender: string, job: Job, median: number];

/** What a suite measured on a machine with these extensions. */
function recordOf(timed: Timed[], extensions: string[] = []): BenchRecord {
  const measurements = timed.map(([contender, job, median]): Measurement => ({
    ...{ contender, job, quantity: "time", unit: "ms", median },
    ...{ low: median / 2, high: 2 * median, runs: 5 },
  }));
  const contenders = Object.fromEntries(timed.map(([name]) => [
    name,
    { library: name, level: "native" as const, threads: Number(name.match(/(\d+) thread/)![1]) },
  ]));
  return {
    ...{ suite: "test", versions: {}, commit: null, started: "", seconds: 1, quick: true },
    machine: { processor: "", cores: 2, extensions, memoryBytes: 1, system: "" },
    ...{ complete: true, contenders, measurements },
    missing: [{ contender: "llama.cpp, 2 threads", reason: "it is not there" }],
  };
}

const step = { kind: "step", tokens: 128, execution: "W4A8" };
const ratio: Target = {
  fast: { engine: "agile native", job: step },
  slow: { engine: "PyTorch", job: { execution: "FP32" } },
  atLeast: 2,
};
const timed: Timed[] = [
  ["agile native, 1 thread", step, 1],
  ["agile native, 2 threads", step, 10],
  ["PyTorch, 2 threads", { ...step, execution: "FP32" }, 40],
  ["PyTorch, 2 threads, tcmalloc", { ...step, execution: "FP32" }, 25],
  ["PyTorch, 2 threads", { ...step, execution: "FP32", tokens: 2048 }, 5],
  ["PyTorch, 1 thread", { ...step, execution: "FP32" }, 5],
  ["PyTorch, 2 threads", step, 5],
];

Deno.test("judge() compares with the fastest of an engine on all cores, of the same job", () => {
  const [judgement] = judge([ratio], recordOf(timed));
  assertEquals(judgement, {
    ...{ target: ratio, aim: 2, verdict: "met" },
    measured: { value: 2.5, low: 0.625, high: 10, digits: 2 },
  });
  const [missed] = judge([{ ...ratio, atLeast: 2.6 }], recordOf(timed));
  assertEquals([missed.aim, missed.verdict], [2.6, "missed"]);
});

Deno.test("judge() compares milliseconds with what they may be at most", () => {
  const verdict = (atMost: number) =>
    judge([{ fast: ratio.fast, atMost }], recordOf(timed)).map(({ verdict }) => verdict);
  assertEquals([verdict(10), verdict(9.9)], [["met"], ["missed"]]);
});

Deno.test("judge() leaves out what a machine has no aim for, and kinds of jobs that were not measured", () => {
  const target = { ...ratio, atLeast: { AMX: 3, VNNI: 1 } };
  const aims = (...extensions: string[]) =>
    judge([target], recordOf(timed, extensions)).map(({ aim }) => aim);
  assertEquals(
    [aims("avx512_vnni", "amx_int8"), aims("avx_vnni"), aims("avx2")],
    [[3], [1], []],
  );
  const other = { fast: { engine: "agile native", job: { kind: "product" } }, atMost: 1 };
  assertEquals(judge([other], recordOf(timed)), []);
});

Deno.test("judge() says what was not measured, and why if that is known", () => {
  const against = (engine: string): Target => ({ ...ratio, slow: { engine } });
  const reasons = (quick: boolean) =>
    judge([against("llama.cpp"), against("onnxruntime")], { ...recordOf(timed), quick })
      .map(({ verdict, measured, reason }) => [verdict, measured, reason]);
  const missing = ["not measured", undefined, "it is not there"];
  assertEquals(reasons(false), [missing, ["not measured", undefined, undefined]]);
  assertEquals(reasons(true), [missing, ["not measured", undefined, "only in the full suite"]]);
  const elsewhere = { fast: { engine: "llama.cpp", job: step }, atMost: 1 };
  assertEquals(judge([elsewhere], recordOf(timed))[0].reason, "it is not there");
});

Deno.test("targetTable() counts the targets that are met", () => {
  const record = recordOf(timed);
  const table = targetTable(judge([ratio, { ...ratio, atLeast: 2.6 }], record));
  assertEquals(table.title, "Targets: 1 of 2 met");
  assertEquals(table.rows[0], [
    ...["step, tokens 128, W4A8", "agile native", "PyTorch, FP32"],
    { value: 2.5, low: 0.625, high: 10, digits: 2 },
    ...["at least 2 times as fast", "met"],
  ]);
  toText(table, 80);
});

Deno.test("byteProducts() is the fastest of what a machine has", () => {
  const of = (...extensions: string[]) => byteProducts(recordOf([], extensions).machine);
  assertEquals(
    [of("avx512_vnni", "amx_int8"), of("avx512_vnni"), of("avx2", "fma")],
    ["AMX", "VNNI", "other"],
  );
});

Deno.test("targets name engines that a suite measures", () => {
  const engines = ["agile native", "agile relaxed SIMD", "PyTorch", "llama.cpp", "onnxruntime"];
  const named = targets.flatMap((target) => [
    target.fast.engine,
    ..."slow" in target ? [target.slow.engine] : [],
  ]);
  assertEquals(named.filter((name) => !engines.includes(name)), []);
});
