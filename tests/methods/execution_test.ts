import { assertEquals, assertThrows } from "@std/assert";
import { InputError } from "../../lib/core/mod.ts";
import { scoreWindow } from "../../lib/eval/mod.ts";
import { generate } from "../../lib/generate/mod.ts";
import {
  executeMethod,
  executions,
  methodOf,
  methods,
  quantizeWeights,
  requireExecution,
} from "../../lib/methods/mod.ts";
import { disposeModel, type ForwardOptions, type Model } from "../../lib/model/mod.ts";
import { randomIds, withModel } from "../eval/tiny_models.ts";

const windows = [1, 2].map((seed) => randomIds(40, seed));
const calibration = () => ({ weightWindows: windows, activationWindows: windows });

const uses = {
  "a window": (model: Model, forward: ForwardOptions) => scoreWindow(model, windows[0], forward),
  "a cache": (
    model: Model,
    forward: ForwardOptions,
  ) => [...generate(model, randomIds(5, 3), { ...forward, temperature: 0, tokens: 2 })],
};

function refuses(work: () => unknown): boolean {
  try {
    work();
    return false;
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    return true;
  }
}

for (const name of Object.keys(methods)) {
  Deno.test(`requireExecution() refuses of ${name} what a run would refuse, and nothing else`, () =>
    withModel("llama", async (model) => {
      const method = methodOf(name);
      const quantized = await quantizeWeights(model, method, calibration);
      for (const profile of ["paper", "released"] as const) {
        for (const execute of executions) {
          for (const [use, run] of Object.entries(uses)) {
            const asked = refuses(() =>
              requireExecution(method, profile, model.architecture, {
                execute,
                cached: use === "a cache",
              })
            );
            const ran = refuses(() => {
              const options = { execute };
              const made = executeMethod(quantized, method, profile, calibration, options);
              try {
                run(made.model, made.forward);
              } finally {
                disposeModel(made.model, quantized);
              }
            });
            assertEquals(asked, ran, `${profile}, ${execute}, ${use}`);
          }
        }
      }
      disposeModel(quantized, model);
    }));
}

for (
  const [name, profile, use, message] of [
    [
      "agileq-4/8",
      "paper",
      { execute: "emulate", cached: true },
      "Cannot generate with AgileQ-4/8: its quantizers must be the same for every token: " +
      "a cache knows no importance",
    ],
    [
      "agileq-8",
      "released",
      { execute: "integer" },
      "Cannot execute AgileQ-8 in integers: the channels of attn.input must share a step, " +
      'as in profile paper, got "released"',
    ],
    [
      "fp16",
      "paper",
      { execute: "integer" },
      "Cannot execute FP16 in integers: it must quantize w",
    ],
    ["rtn4", "paper", { execute: "integer" }, "Cannot execute RTN in integers: it must quantize a"],
  ] as const
) {
  Deno.test(`requireExecution() says why not: ${name}, ${JSON.stringify(use)}`, () =>
    withModel("opt-pre", ({ architecture }) => {
      const ask = () => requireExecution(methodOf(name), profile, architecture, use);
      assertThrows(ask, InputError, message);
    }));
}
