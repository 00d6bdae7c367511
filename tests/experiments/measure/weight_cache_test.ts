import { assertEquals, assertNotStrictEquals, assertStrictEquals } from "@std/assert";
import { drawCalibration } from "../../../experiments/measure/calibration.ts";
import { WeightCache } from "../../../experiments/measure/weight_cache.ts";
import { methods } from "../../../lib/methods/mod.ts";
import { parameters } from "../../../lib/model/mod.ts";
import { tf } from "../../../lib/tensor/mod.ts";
import { withModel } from "../../eval/tiny_models.ts";
import { facts, tinySubject } from "./tiny_subject.ts";

Deno.test("WeightCache makes each version of the weights once and shares it", () =>
  withModel("llama", async (model) => {
    let draws = 0;
    const calibration = () => {
      draws++;
      return drawCalibration(tinySubject(model).calibration, facts);
    };
    using cache = new WeightCache(model);
    const get = (name: keyof typeof methods) => cache.get(methods[name], calibration, {});
    assertStrictEquals(await get("fp16"), model);
    const rtn = await get("rtn4");
    assertEquals(draws, 0);
    const gptq = await get("gptq4");
    assertStrictEquals(await get("agileq-8"), gptq);
    assertStrictEquals(await get("rtn4"), rtn);
    assertNotStrictEquals(gptq, rtn);
    assertEquals(draws, 1);
  }));

Deno.test("WeightCache frees its versions and leaves the model alone", () =>
  withModel("llama", async (model) => {
    const before = tf.memory().numTensors;
    const cache = new WeightCache(model);
    const calibration = () => {
      throw new Error("round to nearest needs no calibration");
    };
    await cache.get(methods.fp16, calibration, {});
    await cache.get(methods.rtn4, calibration, {});
    assertEquals(tf.memory().numTensors > before, true);
    cache[Symbol.dispose]();
    assertEquals(tf.memory().numTensors, before);
    assertEquals(parameters(model.weights).some((tensor) => tensor.isDisposed), false);
  }));
