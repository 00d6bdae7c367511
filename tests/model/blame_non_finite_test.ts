import { assertThrows } from "@std/assert";
import { InputError } from "../../lib/core/mod.ts";
import { scoreWindow } from "../../lib/eval/mod.ts";
import { generate } from "../../lib/generate/mod.ts";
import {
  atSites,
  blameNonFinite,
  disposeModel,
  type LayerModuleName,
  type Model,
} from "../../lib/model/mod.ts";
import { tf } from "../../lib/tensor/mod.ts";
import { copyLayers, pruning, randomIds, withModel } from "../eval/tiny_models.ts";

const window = randomIds(20, 1);

/** The model with one matrix of layer 1 changed, element by element. */
function withChange(
  model: Model,
  name: LayerModuleName,
  change: (value: number, index: number) => number,
): Model {
  const copy = copyLayers(model);
  const { weight, ...rest } = copy.weights.layers[1][name]!;
  const values = weight.dataSync<"float32">().map(change);
  copy.weights.layers[1][name] = { ...rest, weight: tf.tensor(values, weight.shape) };
  return copy;
}

for (
  const [what, name, change, rule] of [
    ["a weight", "up", (x, i) => i === 7 ? NaN : x, "up.weight of layer 1 must be finite, got NaN"],
    [
      "what a map gives",
      "up",
      (x) => x * 1e37 * 8,
      /^Cannot .*: mlp\.hidden of layer 1 must be finite, got (NaN|-?Infinity)$/,
    ],
    [
      "the stream between two blocks",
      "down",
      (x) => Math.sign(x) * 3e38,
      /^Cannot .*: the output of layer 1 must be finite/,
    ],
    [
      "the squares of a norm",
      "down",
      (x, i) => i === 7 ? 1e38 : x,
      /^Cannot .*: attn\.input of layer 2 must be finite \(values reach \d\.\de\+3\d before it\), got NaN$/,
    ],
  ] as [string, LayerModuleName, (x: number, i: number) => number, string | RegExp][]
) {
  Deno.test(`blameNonFinite() names ${what} where a run goes wrong`, () =>
    withModel("llama", (model) => {
      const bad = withChange(model, name, change);
      for (
        const [action, run] of [
          ["run it", () => blameNonFinite("run it", bad, window)],
          ["score a window with llama", () => scoreWindow(bad, window)],
          ["score a window with llama", () => scoreWindow(bad, window, { pruning })],
          ["score a window with llama", () => scoreWindow(model, window, {}, bad)],
          ["generate", () => generate(bad, window, { tokens: 2, temperature: 0 }).next()],
        ] as const
      ) {
        const { message } = assertThrows(run, InputError, `Cannot ${action}: `);
        const matches = typeof rule === "string"
          ? message.endsWith(`: ${rule}`)
          : rule.test(message);
        if (!matches) throw new Error(`not ${rule}: ${message}`);
      }
      disposeModel(bad, model);
    }));
}

Deno.test("blameNonFinite() looks at what a hook returns, and lets a finite run pass", () =>
  withModel("bloom", (model) => {
    blameNonFinite("run", model, window);
    const hook = atSites(["mlp.hidden"], (value) => tf.mul(value, NaN));
    assertThrows(
      () => blameNonFinite("run", model, window, { hook }),
      InputError,
      "Cannot run: mlp.hidden of layer 0 must be finite, got NaN",
    );
  }));
