import { assert, assertEquals, assertThrows } from "@std/assert";
import { InputError } from "../../lib/core/mod.ts";
import { scoreWindow } from "../../lib/eval/mod.ts";
import {
  methodOf,
  methods,
  needsCalibration,
  quantizedForward,
  quantizeWeights,
} from "../../lib/methods/mod.ts";
import { disposeModel } from "../../lib/model/mod.ts";
import { pruning, randomIds, tinyModels, withModel } from "../eval/tiny_models.ts";

const windows = [1, 2, 3].map((seed) => randomIds(40, seed));
const calibration = () => ({ weightWindows: windows, activationWindows: windows.slice(0, 2) });

Deno.test("methods hold the released settings of GPTQ, and round to nearest by rows", () => {
  const options = { bits: 4, groupSize: 128, actOrder: true, symmetric: false };
  const weights = {
    kind: "gptq",
    options: { ...options, blockSize: 128, percdamp: 0.01 },
  } as const;
  const { fp16, rtn4, ...others } = methods;
  for (const method of Object.values(others)) assertEquals(method.weights, weights);
  const rows = { bits: 4, groupSize: "row", symmetric: false, range: "minmax" } as const;
  assertEquals(rtn4.weights, { kind: "rtn", options: rows });
  assertEquals(fp16.weights, { kind: "keep" });
});

Deno.test("methods compute half of the tokens in four bits in AgileQ-4/8", () =>
  withModel("llama", ({ architecture }) => {
    const { lower } = methods["agileq-4/8"].activations("paper", architecture);
    assertEquals([lower?.share, lower?.inherited], [0.5, false]);
  }));

Deno.test("methodOf() finds every method and refuses other names", () => {
  for (const [name, method] of Object.entries(methods)) assert(methodOf(name) === method);
  for (const name of ["int3", "toString"]) {
    assertThrows(
      () => methodOf(name),
      InputError,
      `Cannot choose a method: it must be ${Object.keys(methods).join(", ")}, got "${name}"`,
    );
  }
});

Deno.test("methods share the weights of GPTQ where their settings are the same", () => {
  assertEquals(methods["agileq-8"].weights, methods.gptq4.weights);
});

Deno.test("needsCalibration() is true of the methods that ask for windows", () =>
  withModel("llama", async (model) => {
    for (const name of Object.keys(methods)) {
      let asked = false;
      const draw = () => {
        asked = true;
        return calibration();
      };
      const quantized = await quantizeWeights(model, methodOf(name), draw);
      quantizedForward(quantized, methodOf(name), "paper", draw);
      assertEquals(needsCalibration(methodOf(name)), asked, name);
      if (quantized !== model) disposeModel(quantized, model);
    }
  }));

for (const name of tinyModels) {
  for (const method of Object.keys(methods)) {
    for (const profile of ["paper", "released"] as const) {
      Deno.test(`quantizedForward() runs ${method} on ${name}, profile ${profile}`, () =>
        withModel(name, async (model) => {
          const chosen = methodOf(method);
          const quantized = await quantizeWeights(model, chosen, calibration);
          const forward = quantizedForward(quantized, chosen, profile, calibration);
          const scores = scoreWindow(quantized, randomIds(40, 9), forward, model);
          const divergence = scores.divergence!.reduce((sum, value) => sum + value, 0) / 39;
          assertEquals(divergence > 0, method !== "fp16");
          assert(divergence < 0.1, `divergence ${divergence}`);
          disposeModel(quantized, model);
        }));
    }
  }
}

Deno.test("quantizedForward() hands on pruning and quantizes no activations without a scheme", () =>
  withModel("llama", (model) => {
    const unread = () => {
      throw new Error("calibration was read");
    };
    const plain = quantizedForward(model, methods.rtn4, "paper", unread, { pruning });
    assertEquals(plain, { pruning });
    const quantizing = quantizedForward(model, methods["agileq-8"], "paper", calibration, {
      pruning,
    });
    assert(quantizing.pruning === pruning && quantizing.hook !== undefined);
  }));

Deno.test("quantizedForward() calibrates on its own windows, with pruning", () =>
  withModel("llama", (model) => {
    const score = (forward: ReturnType<typeof quantizedForward>) =>
      scoreWindow(model, windows[0], { hook: forward.hook }).loss;
    const method = methods["agileq-8"];
    const two = quantizedForward(model, method, "released", calibration);
    const others = () => ({ ...calibration(), activationWindows: windows.slice(2) });
    assert(
      score(two).some((loss, i) =>
        loss !== score(quantizedForward(model, method, "released", others))[i]
      ),
    );
    const pruned = quantizedForward(model, method, "released", calibration, { pruning });
    assert(score(two).some((loss, i) => loss !== score(pruned)[i]));
  }));
