import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { drawCalibration } from "../../../experiments/measure/calibration.ts";
import { evaluate } from "../../../experiments/measure/evaluation.ts";
import { pruningFor, type PruningPlan } from "../../../experiments/measure/pruning_plan.ts";
import { takeReadings } from "../../../experiments/measure/readings.ts";
import { WeightCache } from "../../../experiments/measure/weight_cache.ts";
import { methods, quantizedForward, quantizeWeights } from "../../../lib/methods/mod.ts";
import { disposeModel } from "../../../lib/model/mod.ts";
import type { Profile } from "../../../lib/format/mod.ts";
import { tf } from "../../../lib/tensor/mod.ts";
import { tinyModels, withModel } from "../../eval/tiny_models.ts";
import { facts, tinySubject } from "./tiny_subject.ts";

const plan: PruningPlan = { beta: 0.4, layers: [0, 1], positions: "renumber" };

for (const [index, name] of tinyModels.entries()) {
  const profile: Profile = index % 2 === 0 ? "paper" : "released";
  Deno.test(`evaluate() is the library's pipeline, ${name}, profile ${profile}`, () =>
    withModel(name, async (model) => {
      const subject = tinySubject(model);
      using weights = new WeightCache(model);
      const config = { ...facts, profile, method: "agileq-8", pruning: plan } as const;
      const measured = await evaluate(config, subject, weights, {});

      const method = methods["agileq-8"];
      const calibration = () => drawCalibration(subject.calibration, facts);
      const quantized = await quantizeWeights(model, method, calibration);
      const pruning = pruningFor(model, plan);
      const forward = quantizedForward(quantized, method, profile, calibration, { pruning });
      assertEquals(
        measured,
        await takeReadings(quantized, subject.testWindows, forward, {}, model),
      );
      disposeModel(quantized, model);
    }));
}

Deno.test("evaluate() depends on the seed of the calibration windows", () =>
  withModel("llama", async (model) => {
    const perplexities = [];
    for (const seed of [0, 1]) {
      using weights = new WeightCache(model);
      const config = { ...facts, seed, method: "gptq4", pruning: null } as const;
      const { survivors } = await evaluate(config, tinySubject(model), weights, {});
      perplexities.push(survivors.perplexity.value);
    }
    assertNotEquals(perplexities[0], perplexities[1]);
  }));

Deno.test("evaluate() in integers gives the emulated perplexity within 1e-3, and frees what it packed", () =>
  withModel("opt-pre", async (model) => {
    const subject = tinySubject(model);
    using weights = new WeightCache(model);
    const config = { ...facts, method: "agileq-8", pruning: plan } as const;
    const emulated = await evaluate(config, subject, weights, {});
    const tensors = tf.memory().numTensors;
    const inIntegers = await evaluate({ ...config, execute: "integer" }, subject, weights, {});
    assertEquals(tf.memory().numTensors, tensors);
    for (const reading of ["survivors", "denseOnSurvivors", "allPositions"] as const) {
      const [actual, expected] = [inIntegers, emulated].map((each) =>
        each[reading]!.perplexity.value
      );
      assert(
        Math.abs(actual / expected - 1) < 1e-3,
        `${reading}: ${actual} instead of ${expected}`,
      );
    }
  }));
