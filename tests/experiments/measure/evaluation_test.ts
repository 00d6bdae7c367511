import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { drawCalibration } from "../../../experiments/measure/calibration.ts";
import { evaluate, evaluationOf } from "../../../experiments/measure/evaluation.ts";
import { pruningFor, type PruningPlan } from "../../../experiments/measure/pruning_plan.ts";
import { takeReadings } from "../../../experiments/measure/readings.ts";
import { StoredScores, type WindowScores } from "../../../lib/eval/mod.ts";
import { entriesOf, exists } from "../../../lib/io/mod.ts";
import { type MethodName, methods, prepareModel } from "../../../lib/methods/mod.ts";
import { type Model, readWeights, watchStorage } from "../../../lib/model/mod.ts";
import type { Profile } from "../../../lib/format/mod.ts";
import { tf } from "../../../lib/tensor/mod.ts";
import { randomIds, tinyModels, withModel } from "../../eval/tiny_models.ts";
import { withFolder } from "../../io/temporary_folder.ts";
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

/** An evaluation of a tiny model that keeps scores in a folder, stopped once so many windows are scored. */
async function kept(model: Model, folder: string, method: MethodName, windows = Infinity) {
  const controller = new AbortController();
  let scored = 0;
  class Scores extends StoredScores {
    override add(scores: WindowScores[]): void {
      super.add(scores);
      scored++;
      if (scored === windows) controller.abort(new Error("enough"));
    }
  }
  const subject = {
    ...tinySubject(model),
    testWindows: [1, 2, 3, 4].map((seed) => randomIds(16, seed)),
    scoresOf: () => Promise.resolve(new Scores(folder)),
  };
  const { signal } = controller;
  const measured = await evaluate(subject, evaluationOf(facts, method, plan), { signal })
    .catch((error: Error) => error.message);
  return { measured, scored };
}

Deno.test("evaluate() goes on at the window at which a run was stopped, and gives what a whole run gives", () =>
  withModel("llama", (model) =>
    withFolder(async (folder) => {
      const place = `${folder}/run`;
      const whole = await kept(model, place, "rtn4");
      assertEquals([whole.scored, await exists(place)], [4, false]);
      assertEquals(await kept(model, place, "rtn4", 2), { measured: "enough", scored: 2 });
      assertEquals((await entriesOf(place)).map(({ name }) => name), ["windows-0.safetensors"]);
      assertEquals(await kept(model, place, "rtn4"), { ...whole, scored: 2 });
      assertEquals(await exists(place), false);
    })));

Deno.test("evaluate() keeps no scores where it counts bits as windows run", () =>
  withModel("llama", (model) =>
    withFolder(async (folder) => {
      assertEquals((await kept(model, `${folder}/run`, "llm-int8")).scored, 0);
    })));
