import { assert, assertEquals, assertThrows } from "@std/assert";
import { InputError } from "../../lib/core/mod.ts";
import {
  type ConfiguredMethod,
  type MethodName,
  methods,
  prepareModel,
  rehearse,
  type SettingsChanges,
} from "../../lib/methods/mod.ts";
import { tf } from "../../lib/tensor/mod.ts";
import { randomIds, withModel } from "../eval/tiny_models.ts";
import { tinyArchitectures } from "../model/tiny_models.ts";
import { everyMethod } from "./support.ts";

/** With heads that groups of cached values divide. */
const wide = { ...tinyArchitectures.llama, headDim: 16 };

for (const [name, method] of everyMethod) {
  Deno.test(`rehearse() lets the settings of the tables pass, and leaves no tensors: ${name}`, () => {
    const architectures = name.startsWith("kivi") ? [wide] : Object.values(tinyArchitectures);
    const before = tf.memory().numTensors;
    for (const architecture of architectures) {
      const passes = tryPasses(method, architecture);
      if (passes) rehearse(passes, architecture);
    }
    assertEquals(tf.memory().numTensors, before);
  });
}

/** The passes of a method; nothing where it does not fit the architecture. */
function tryPasses(method: ConfiguredMethod, architecture: typeof wide) {
  try {
    return method.passes(architecture);
  } catch (error) {
    assert(error instanceof InputError);
  }
}

const refused: [MethodName, SettingsChanges, string][] = [
  [
    "agileq-8",
    { activations: { bits: 9 } },
    "mlp.input of layer 0: bits must be an integer in 2..8, got 9",
  ],
  [
    "agileq-4",
    { activations: { earlierBits: 1 } },
    "attn.input of layer 0: bits must be an integer in 2..8, got 1",
  ],
  [
    "agileq-8",
    { activations: { softmaxBits: 9 } },
    "attn.probs of layer 0: bits must be an integer in 2..8, got 9",
  ],
  [
    "agileq-8",
    { activations: { K: 9 } },
    "attn.input of layer 0: K must be an integer in 0..8, got 9",
  ],
  [
    "smoothquant",
    { activations: { bits: 1 } },
    "attn.input of layer 0: bits must be an integer in 2..8, got 1",
  ],
  [
    "crossquant-w8a8",
    { activations: { alpha: 2 } },
    "attn.input of layer 0: alpha must be in 0..1, got 2",
  ],
  [
    "zeroquant-fp-int8",
    { activations: { bits: 9 } },
    "attn.input of layer 0: bits must be an integer in 2..8, got 9",
  ],
  [
    "comet",
    { activations: { outlierBits: 9 } },
    "attn.input of layer 0: bits must be an integer in 2..8, got 9",
  ],
  [
    "quarot",
    { activations: { keyValueBits: 9 } },
    "attn.k of layer 0: bits must be an integer in 2..8, got 9",
  ],
  [
    "ternary",
    { activations: { bits: 9 } },
    "attn.input of layer 0: bits must be an integer in 2..8, got 9",
  ],
  [
    "kivi4",
    { activations: { bits: 9, groupSize: 16 } },
    "cached keys of layer 0: bits must be an integer in 2..8, got 9",
  ],
];

for (const [name, changes, rule] of refused) {
  Deno.test(`rehearse() refuses settings of activations that can be none: ${name} ${JSON.stringify(changes)}`, () => {
    const method: ConfiguredMethod = methods[name];
    const passes = method.with(changes).passes(wide);
    assertThrows(() => rehearse(passes, wide), InputError, `Cannot quantize ${rule}`);
  });
}

Deno.test("prepareModel() rehearses before it calibrates", () =>
  withModel("llama", async (model) => {
    const method = methods["agileq-8"].with({ activations: { bits: 9 } });
    const unread = () => {
      throw new Error("calibration was read");
    };
    let refusal: unknown;
    await prepareModel(model, method, unread).catch((error) => refusal = error);
    assert(refusal instanceof InputError, `${refusal}`);
    const windows = [randomIds(20, 1)];
    const calibration = () => ({ weightWindows: windows, activationWindows: windows });
    await prepareModel(model, methods["agileq-8-activations"], calibration);
  }));
