import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { evaluate, evaluationOf } from "../../../experiments/measure/evaluation.ts";
import type { PruningPlan } from "../../../experiments/measure/pruning_plan.ts";
import {
  compareMethods,
  compareReadings,
  judgeMethods,
} from "../../../experiments/tables/compare_methods.ts";
import { verdictLegend } from "../../../lib/core/mod.ts";
import type { Reading } from "../../../lib/eval/mod.ts";
import type { MethodName } from "../../../lib/methods/mod.ts";
import type { Measured } from "../../../lib/report/mod.ts";
import { withModel } from "../../eval/tiny_models.ts";
import { facts, readingOf, tinySubject } from "../measure/tiny_subject.ts";

Deno.test("compareMethods() has a row per method, as the tables measure it", () =>
  withModel("llama", async (model) => {
    const subject = tinySubject(model);
    const { title, rows, columns } = await compareMethods(subject, ["fp16", "rtn4"], {});
    assertEquals(title, "llama on 3 windows of 24 tokens");
    assertEquals(rows.map((row) => row.slice(0, 3)), [
      ["FP16", "FP16", "FP16"],
      ["RTN", "INT4", "FP16"],
    ]);
    assertEquals(rows.every((row) => row.length === columns.length), true);
    const { survivors } = await evaluate(subject, evaluationOf(facts, "rtn4"), {});
    assertEquals((rows[1][3] as Measured).value, survivors.perplexity.value);
    assertEquals((rows[0][4] as Measured).value, 0);
    assert((rows[1][4] as Measured).value > 0);
  }));

Deno.test("compareMethods() judges what the methods say beside each other", () =>
  withModel("llama", async (model) => {
    const subject = tinySubject(model);
    const claims = async (...names: MethodName[]) => {
      const { notes } = await compareMethods(subject, names, {});
      return notes!.slice(1).map((note) => note.match(/^"([^"]+)": \w+ \(/)?.[1]);
    };
    assertEquals(await claims("fp16"), []);
    assertEquals(await claims("fp16", "rtn4", "gptq4"), ["GPTQ loses less than RTN", undefined]);
    assertEquals(await claims("fp16", "agileq-8-eq3", "agileq-8"), [
      "AgileQ-8 loses less than 10 % against FP16",
      "the sign bit of equation 3 costs perplexity",
      undefined,
    ]);
  }));

Deno.test("judgeMethods() takes the lower perplexity for less loss, and the sign bit for a cost", () => {
  const losses = [["fp16", 1], ["rtn4", 1.3], ["gptq4", 1.2]] as const;
  const eights = [["agileq-8", 1.05], ["agileq-8-eq3", 2]] as const;
  const readings = new Map<MethodName, Reading>(
    [...losses, ...eights].map(([name, loss]) => [name, readingOf([loss, loss + 1, loss + 2])]),
  );
  const verdicts = () => judgeMethods(readings).map(({ verdict }) => verdict);
  assertEquals(verdicts(), ["reproduced", "reproduced", "reproduced"]);
  readings.set("gptq4", readingOf([1.4, 2.4, 3.4])).set("agileq-8-eq3", readingOf([1, 2, 3]));
  assertEquals(verdicts(), ["reproduced", "contradicted", "contradicted"]);
});

Deno.test("compareReadings() has a row per reading of a pruned run", () =>
  withModel("llama", async (model) => {
    const subject = tinySubject(model);
    const plan: PruningPlan = { beta: 0.5, layers: [-1], positions: "renumber" };
    const { rows, notes } = await compareReadings(subject, "fp16", plan, {});
    const names = ["FP16", "survivors", "denseOnSurvivors", "allPositions"];
    assertEquals(rows.map(([name]) => name), names);
    const [full, survivors, dense, all] = rows.map((row) => row[1] as number);
    assertEquals(survivors, dense);
    assertEquals([full, all], [3 * 23, 3 * 23]);
    assert(survivors < all);
    // In the last layer pruning alone does nothing: no token reads another after it.
    assertMatch(notes![1], /^"pruning improves on FP16": .*denseOnSurvivors = 1\.0000 \[1\.0000/);
    const ratio = (rows[3][2] as Measured).value / (rows[0][2] as Measured).value;
    assertStringIncludes(notes![2], `allPositions / FP16 = ${ratio.toFixed(4)} [`);
    assertEquals(notes!.at(-1), verdictLegend);
  }));

Deno.test("compareMethods() says what dequantized weights are, and what is quantized again", () =>
  withModel("llama", async (model) => {
    const subject = tinySubject(model);
    const storage = { ...subject.storage, forms: ["Q4_1"] };
    const names: MethodName[] = ["fp16", "agileq-8"];
    const { rows, columns, notes } = await compareMethods({ ...subject, storage }, names, {});
    assertEquals(rows.map((row) => row.slice(0, 3)), [
      ["Dequantized Q4_1", "Q4_1", "FP16"],
      ["AgileQ-8", "Q4_1, then INT4", "INT8"],
    ]);
    assertEquals(columns[4], "KL to dequantized Q4_1, nats per token");
    assertMatch(notes![1], /^llama: weights are stored as Q4_1; /);
    assertMatch(notes![2], /^"AgileQ-8 loses less than 10 % against dequantized Q4_1": /);
  }));
