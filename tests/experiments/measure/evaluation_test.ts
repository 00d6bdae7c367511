import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { drawCalibration } from "../../../experiments/measure/calibration.ts";
import { evaluate, evaluationOf } from "../../../experiments/measure/evaluation.ts";
import { pruningFor, type PruningPlan } from "../../../experiments/measure/pruning_plan.ts";
import { takeReadings } from "../../../experiments/measure/readings.ts";
import { methods, prepareModel } from "../../../lib/methods/mod.ts";
import { readWeights, watchStorage } from "../../../lib/model/mod.ts";
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
      const changes = { activations: { profile } };
      const config = evaluationOf(facts, "agileq-8", plan, changes);
      const { storage, ...measured } = await evaluate(subject, config, {});

      const method = methods["agileq-8"].with(changes);
      const calibration = () => drawCalibration(subject.calibration, facts);
      const pruning = pruningFor(model, plan);
      const { model: quantized, forward } = await prepareModel(model, method, calibration, {
        pruning,
      });
      assertEquals(
        measured,
        await takeReadings(quantized, subject.testWindows, forward, { reference: model }),
      );
      const watched = watchStorage(quantized);
      await readWeights(watched.model.source, model.architecture.layers);
      assertEquals(storage, watched.storage());
    }));
}

Deno.test("evaluate() counts the bits of activations where they depend on these", () =>
  withModel("llama", async (model) => {
    const subject = tinySubject(model);
    const bitsOf = async (method: "llm-int8" | "gptq4") =>
      (await evaluate(subject, evaluationOf(facts, method), { compare: false })).activationBits;
    const bits = (await bitsOf("llm-int8"))!;
    assert(bits >= 8 && bits < 16, `${bits} bits`);
    assertEquals(await bitsOf("gptq4"), undefined);
  }));

Deno.test("evaluate() depends on the seed of the calibration windows", () =>
  withModel("llama", async (model) => {
    const perplexities = [];
    for (const seed of [0, 1]) {
      const subject = tinySubject(model);
      const config = evaluationOf({ ...facts, seed }, "gptq4");
      const { survivors } = await evaluate(subject, config, {});
      perplexities.push(survivors.perplexity.value);
    }
    assertNotEquals(perplexities[0], perplexities[1]);
  }));

Deno.test("evaluate() in integers gives the emulated perplexity within 1e-3, and frees what it packed", () =>
  withModel("opt-pre", async (model) => {
    const subject = tinySubject(model);
    const config = evaluationOf(facts, "agileq-8", plan);
    const emulated = await evaluate(subject, config, {});
    const tensors = tf.memory().numTensors;
    const inIntegers = await evaluate(subject, { ...config, execute: "integer" }, {});
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
