import { assert, assertEquals } from "@std/assert";
import { compareMethods, compareReadings } from "../../experiments/compare_methods.ts";
import { evaluate } from "../../experiments/evaluation.ts";
import type { PruningPlan } from "../../experiments/pruning_plan.ts";
import { WeightCache } from "../../experiments/weight_cache.ts";
import type { Model } from "../../lib/model/mod.ts";
import type { Measured } from "../../lib/report/mod.ts";
import { withModel } from "../eval/tiny_models.ts";
import { facts, tinySubject } from "./tiny_subject.ts";

const subjectOf = (model: Model) => ({ ...tinySubject(model), weights: new WeightCache(model) });

Deno.test("compareMethods() has a row per method, as the tables measure it", () =>
  withModel("llama", async (model) => {
    const subject = subjectOf(model);
    using weights = subject.weights;
    const { title, rows, columns } = await compareMethods(subject, ["fp16", "rtn4"], {});
    assertEquals(title, "llama on 3 windows of 24 tokens");
    assertEquals(rows.map((row) => row.slice(0, 3)), [
      ["FP16", "FP16", "FP16"],
      ["RTN", "INT4", "FP16"],
    ]);
    assertEquals(rows.every((row) => row.length === columns.length), true);
    const config = { ...facts, method: "rtn4" as const, pruning: null };
    const { survivors } = await evaluate(config, subject, weights, {});
    assertEquals((rows[1][3] as Measured).value, survivors.perplexity.value);
    assertEquals((rows[0][4] as Measured).value, 0);
    assert((rows[1][4] as Measured).value > 0);
  }));

Deno.test("compareReadings() has a row per reading of a pruned run", () =>
  withModel("llama", async (model) => {
    const subject = subjectOf(model);
    using _weights = subject.weights;
    const plan: PruningPlan = { beta: 0.5, layers: [-1], positions: "renumber" };
    const { rows } = await compareReadings(subject, "fp16", plan, {});
    assertEquals(rows.map(([name]) => name), ["survivors", "denseOnSurvivors", "allPositions"]);
    const [survivors, dense, all] = rows.map((row) => row[1] as number);
    assertEquals(survivors, dense);
    assertEquals(all, 3 * 23);
    assert(survivors < all);
  }));
