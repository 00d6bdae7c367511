import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { InputError } from "../../lib/core/mod.ts";
import { scoreWindows } from "../../lib/eval/mod.ts";
import { affineMatrix, decodeMatrix, floatMatrix } from "../../lib/format/mod.ts";
import { generate } from "../../lib/generate/mod.ts";
import {
  atSites,
  blameNonFinite,
  blameNonFiniteSite,
  type LayerModuleName,
  type Model,
  openModel,
} from "../../lib/model/mod.ts";
import { tf } from "../../lib/tensor/mod.ts";
import { pruning, randomIds, withModel, withModule, withOpenModel } from "../eval/tiny_models.ts";

const window = randomIds(20, 1);

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
    withModel("llama", async (model) => {
      const bad = await spoiled(model, name, change);
      const score = { label: "score a window with llama" };
      for (
        const [action, run] of [
          ["run it", () => blameNonFinite("run it", bad, window)],
          [score.label, () => scoreWindows(bad, [window])],
          [score.label, () => scoreWindows(bad, [window], { pruning })],
          [score.label, () => scoreWindows(model, [window], { reference: bad })],
        ] as const
      ) {
        const { message } = await assertRejects<Error>(run, InputError, `Cannot ${action}: `);
        assert(says(message, rule), `not ${rule}: ${message}`);
      }
    }));

  Deno.test(`blameNonFiniteSite() names the site where ${what} of an open model goes wrong`, () =>
    withModel("llama", async (model) => {
      using bad = await openModel(await spoiled(model, name, change));
      const site = typeof rule === "string"
        ? "mlp.hidden of layer 1 must be finite, got NaN"
        : rule;
      for (
        const [action, run] of [
          ["run it", () => blameNonFiniteSite("run it", bad, window)],
          ["generate", () => generate(bad, window, { tokens: 2, temperature: 0 }).next()],
        ] as const
      ) {
        const { message } = assertThrows(run, InputError, `Cannot ${action}: `);
        assert(says(message, site), `not ${site}: ${message}`);
      }
    }));
}

Deno.test("blameNonFinite() looks at weights in whatever form they are stored", () =>
  withModel("llama", async (model) => {
    const bad = await withModule(model, 1, "up", ({ weight: { rows, columns } }) => {
      const scale = new Float32Array(rows).fill(1);
      scale[rows - 1] = Infinity;
      const codes = new Uint8Array(rows * columns).fill(1);
      const zeroPoint = new Uint8Array(rows);
      return { weight: affineMatrix({ rows, columns, bits: 4, codes, scale, zeroPoint }) };
    });
    await assertRejects(
      () => blameNonFinite("run", bad, window),
      InputError,
      "Cannot run: up.weight of layer 1 must be finite, got Infinity",
    );
  }));

/** The model with one matrix of layer 1 changed, element by element. */
function spoiled(
  model: Model,
  name: LayerModuleName,
  change: (value: number, index: number) => number,
): Promise<Model> {
  return withModule(model, 1, name, ({ weight }) => {
    const values = decodeMatrix(weight).map(change);
    return { weight: floatMatrix("F32", values, weight.rows, weight.columns) };
  });
}

/** Whether a message is, or ends in, a rule. */
function says(message: string, rule: string | RegExp): boolean {
  return typeof rule === "string" ? message.endsWith(`: ${rule}`) : rule.test(message);
}

Deno.test("blameNonFinite() looks at what a hook returns, and lets a finite run pass", () =>
  withModel("bloom", async (model) => {
    await blameNonFinite("run", model, window);
    const hook = atSites(["mlp.hidden"], (value) => tf.mul(value, NaN));
    await assertRejects(
      () => blameNonFinite("run", model, window, { hook }),
      InputError,
      "Cannot run: mlp.hidden of layer 0 must be finite, got NaN",
    );
  }));

Deno.test("blameNonFinite() stops once its signal is aborted", () =>
  withModel("bloom", async (model) => {
    const reason = new Error("stopped");
    const signal = AbortSignal.abort(reason);
    const error = await assertRejects(() => blameNonFinite("run", model, window, { signal }));
    assertEquals(error, reason);
  }));

Deno.test("blameNonFiniteSite() lets a finite run pass and keeps no tensors", () =>
  withOpenModel("opt-pre", (model) => {
    const before = tf.memory().numTensors;
    blameNonFiniteSite("run", model, window);
    assertEquals(tf.memory().numTensors, before);
  }));
