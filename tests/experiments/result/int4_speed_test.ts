import { assertAlmostEquals, assertEquals } from "@std/assert";
import {
  dotLevels,
  kernelRows,
  levelVerdicts,
  speedRatios,
} from "../../../experiments/result/int4_speed.ts";
import { kernelRecord, plainTimes } from "./kernel_fixture.ts";

Deno.test("kernelRows() gives rates and cycles of a clock that took turns", () => {
  const rows = kernelRows(kernelRecord({ ...plainTimes, "int8: oneDNN": [0.5, 0.25] }));
  assertEquals(rows.length, 8);
  const [first] = rows;
  assertEquals([first.contender, first.depth], ["int4 packed, multiplications", 32]);
  assertAlmostEquals(first.rate.value, 1);
  assertEquals([first.rate.low, first.rate.high], [first.rate.value, first.rate.value]);
  assertAlmostEquals(first.cycles, 2); // 16e6 cycles in 8 ms
  assertEquals(first.instructions, 0.25);
  const native = rows.filter(({ contender }) => contender === "int8, native");
  assertEquals(native.map(({ depth, instructions }) => [depth, instructions]), [
    [32, undefined],
    [64, undefined],
  ]);
  assertAlmostEquals(native[1].cycles, 0.5);
});

Deno.test("speedRatios() compare with the fastest of the level, and leave out what is missing", () => {
  const ratios = speedRatios(kernelRows(kernelRecord({
    ...plainTimes,
    "int4 packed, dot products of pairs": [0.5, 0.5],
    "int8 widened, dot products of pairs": [1, 4],
  })));
  assertEquals(
    ratios.map(({ level, depth, against, ratio, verdict }) => [
      ...[level, depth, against],
      Math.round(ratio.value * 1e6) / 1e6,
      verdict === "reproduced",
    ]),
    [
      ["no dot products", 32, "int8", 2, true],
      ["no dot products", 64, "int8", 1.5, false],
      ["no dot products", 32, "float32", 3, true],
      ["no dot products", 64, "float32", 4, true],
      ["dot products of pairs", 32, "int8", 2, true],
      ["dot products of pairs", 64, "int8", 3, true],
      ["dot products of pairs", 32, "float32", 6, true],
      ["dot products of pairs", 64, "float32", 8, true],
    ],
  );
});

Deno.test("levelVerdicts() judges each claim at each level, over all depths", () => {
  const rows = kernelRows(kernelRecord({ ...plainTimes, "float32, multiply and add": [2.5, 2] }));
  const told = { level: "no dot products" as const, verdict: "contradicted" as const };
  assertEquals(
    levelVerdicts(speedRatios(rows)).map(({ lowest, highest, ...others }) => (
      { ...others, lowest: lowest.toFixed(3), highest: highest.toFixed(3) }
    )),
    [
      { ...told, against: "int8", paper: 1.75, lowest: "1.500", highest: "2.000" },
      { ...told, against: "float32", paper: 2.55, lowest: "2.000", highest: "2.500" },
    ],
  );
});

Deno.test("dotLevels name kernels that the suite int4 measures, or native products", async () => {
  const { int4Kernels } = await import("../../../bench/contenders/int4_kernels.ts");
  const measured = new Set([
    ...int4Kernels.map(({ name }) => name),
    "int8, native",
    "float32, native",
  ]);
  const named = dotLevels.flatMap(({ int4, int8, float32 }) => [...int4, ...int8, ...float32]);
  assertEquals(named.filter((name) => !measured.has(name)), []);
});
