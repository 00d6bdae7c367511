import { assert, assertEquals, assertMatch, assertNotEquals, assertRejects } from "@std/assert";
import { InputError, type Progress, silent } from "../../lib/core/mod.ts";
import type { Model } from "../../lib/model/mod.ts";
import { tf } from "../../lib/tensor/mod.ts";
import {
  edgeQatWeights,
  parametersOf,
  train,
  type TrainingHooks,
  type TrainingState,
} from "../../lib/train/mod.ts";
import { architectures, newModel, recipe, stream } from "./tiny_training.ts";

const valuesOf = async (model: Model) => (await parametersOf(model)).map(({ values }) => values);

/** What comes of training a fresh model. */
async function trained(hooks?: TrainingHooks, changes: Partial<typeof recipe> = {}) {
  const { model, state } = await train(
    await newModel(),
    stream,
    { ...recipe, ...changes },
    undefined,
    hooks,
  );
  return { values: await valuesOf(model), state };
}

/** Calls `act` after every step with its number. */
function afterStep(act: (step: number) => void): Progress {
  return { ...silent, update: act };
}

const shortSchedule = { ...recipe.schedule, steps: 8 };

for (const [family, architecture] of Object.entries(architectures)) {
  Deno.test(`train() learns a text that repeats: ${family}`, async () => {
    const { state } = await train(await newModel(architecture), stream, recipe, undefined);
    assertEquals([state.step, state.losses.length], [60, 60]);
    // Nothing predicts a window's first token: ln 7 / 16 = 0.12 remains.
    assert(Math.abs(state.losses[0] - Math.log(8)) < 0.1, `first loss ${state.losses[0]}`);
    assert(state.losses[59] < 0.3, `last loss ${state.losses[59]}`);
  });
}

Deno.test("train() gives the same bits for the same seed", async () => {
  const schedule = shortSchedule;
  const first = await trained({}, { schedule });
  assertEquals(await trained({}, { schedule }), first);
  assertNotEquals((await trained({}, { schedule, seed: 6 })).state.losses, first.state.losses);
});

Deno.test("train() stops after the step in which it is told to, and resumes bit for bit", async () => {
  const schedule = shortSchedule;
  const whole = await trained({}, { schedule });
  const controller = new AbortController();
  const progress = afterStep((step) => step === 3 && controller.abort());
  const interrupted = await train(await newModel(), stream, { ...recipe, schedule }, undefined, {
    progress,
    signal: controller.signal,
  });
  assertEquals(interrupted.state.losses, whole.state.losses.slice(0, 3));
  const halfWay = { ...interrupted.state, losses: [...interrupted.state.losses] };
  const resumed = await train(
    interrupted.model,
    stream,
    { ...recipe, schedule },
    interrupted.state,
  );
  assertEquals({ values: await valuesOf(resumed.model), state: resumed.state }, whole);
  assertEquals(interrupted.state, halfWay, "the state that was handed in has changed");
});

Deno.test("train() keeps no tensors from step to step", async () => {
  const before = tf.memory().numTensors;
  const memory: [tensors: number, bytes: number][] = [];
  const progress = afterStep(() => memory.push([tf.memory().numTensors, tf.memory().numBytes]));
  await trained({ progress }, { schedule: shortSchedule });
  assertEquals(memory, memory.map(() => memory[0]));
  assertEquals(tf.memory().numTensors, before);
});

Deno.test("train() hands over checkpoints on the way and one at the end", async () => {
  const schedule = shortSchedule;
  for (const [every, expected] of [[3, [3, 6, 8]], [4, [4, 8]], [100, [8]]] as const) {
    const saved: number[] = [];
    const save = (_model: Model, { step, losses }: TrainingState) => {
      assertEquals(losses.length, step);
      saved.push(step);
      return Promise.resolve();
    };
    await trained({ checkpoint: { every, save } }, { schedule });
    assertEquals(saved, [...expected]);
  }
});

Deno.test("train() hands over a checkpoint when stopped, even before the first step", async () => {
  const saved: number[] = [];
  const notes: (string | undefined)[] = [];
  const result = await trained({
    signal: AbortSignal.abort(),
    progress: { ...silent, finish: (note) => notes.push(note) },
    checkpoint: {
      every: 1,
      save(_model, { step }) {
        saved.push(step);
        return Promise.resolve();
      },
    },
  });
  assertEquals([saved, notes, result.state.losses], [[0], ["no step taken"], []]);
});

Deno.test("train() takes no step beyond the schedule", async () => {
  const schedule = { ...recipe.schedule, steps: 2 };
  const first = await train(await newModel(), stream, { ...recipe, schedule }, undefined);
  const before = await valuesOf(first.model);
  const again = await train(first.model, stream, { ...recipe, schedule }, first.state);
  assertEquals(again.state, first.state);
  assertEquals(await valuesOf(again.model), before);
});

Deno.test("train() reports steps and the mean of recent losses", async () => {
  const lines: string[] = [];
  const { state } = await trained({
    progress: {
      start: (label, total) => lines.push(`${label} ${total}`),
      update: (done, note) => lines.push(`${done} ${note}`),
      finish: (note) => lines.push(`${note}`),
      say: (message) => lines.push(message),
    },
  }, { schedule: { ...recipe.schedule, steps: 2 } });
  const [first, second] = state.losses;
  const mean = ((first + second) / 2).toFixed(3);
  assertEquals(lines, [
    "train tiny 2",
    `1 loss ${first.toFixed(3)}`,
    `2 loss ${mean}`,
    `loss ${mean}`,
  ]);
});

Deno.test("train() decays matrices alone", async () => {
  // An infinite epsilon takes the gradient out: what moves is what decays.
  const optimizer = { ...recipe.optimizer, epsilon: Infinity };
  const schedule = { peak: 0.5, floor: 0.5, warmupSteps: 0, steps: 1 };
  const model = await newModel(architectures.bloom);
  const before = await valuesOf(model);
  const result = await train(model, stream, { ...recipe, optimizer, schedule }, undefined);
  (await parametersOf(result.model)).forEach(({ shape, values }, index) => {
    const decay = shape.length > 1 ? 0.1 : 0;
    const expected = before[index].map((value) => value - 0.5 * (decay * value));
    assertEquals(values, expected);
  });
});

Deno.test("train() refuses a text shorter than a window, and a model without start token", async () => {
  const refused = async (model: Model, text: Int32Array, message: string) => {
    await assertRejects(() => train(model, text, recipe, undefined), InputError, message);
  };
  await refused(
    await newModel(),
    stream.slice(0, 15),
    "Cannot draw a batch: the text must have at least 16 tokens, got 15",
  );
  await refused(
    await newModel({ ...architectures.opt, startToken: null }),
    stream,
    "Cannot train: the architecture must have a start token",
  );
});

Deno.test("train() refuses to go on with a loss that is not finite", async () => {
  const schedule = { peak: 1e30, floor: 1e30, warmupSteps: 0, steps: 10 };
  const error = await assertRejects(() => trained({}, { schedule }), InputError);
  assertMatch(
    error.message,
    /^Cannot train: the loss of step \d+ must be finite, got (NaN|Infinity)$/,
  );
});

const quantization = { bits: { weights: 3, activations: 4 }, guidance: edgeQatWeights };

Deno.test("train() to be quantized lowers the loss of the quantized model, and resumes bit for bit", async () => {
  const schedule = { peak: 5e-3, floor: 1e-3, warmupSteps: 2, steps: 24 };
  const first = await train(await newModel(), stream, recipe, undefined);
  const bits = { weights: 2, activations: 3 };
  const guided = { ...recipe, schedule, quantization: { ...quantization, bits } };
  const hooks = { teacher: first.model };
  const whole = await train(first.model, stream, guided, undefined, hooks);
  const { losses } = whole.state;
  const least = Math.log(7) / 16; // what nothing predicts
  assert(losses[23] - least < 0.6 * (losses[0] - least), `${losses[0]} became ${losses[23]}`);
  const stopped = new AbortController();
  const progress = afterStep((step) => step === 3 && stopped.abort());
  const part = await train(first.model, stream, guided, undefined, {
    ...hooks,
    progress,
    signal: stopped.signal,
  });
  const resumed = await train(part.model, stream, guided, part.state, hooks);
  assertEquals(resumed.state, whole.state);
});

Deno.test("train() with guidance moves parameters elsewhere, and refuses to go without a teacher", async () => {
  const initial = await newModel();
  const short = { ...recipe, schedule: shortSchedule };
  const results = await Promise.all([undefined, edgeQatWeights].map(async (guidance) => {
    const own = { ...short, quantization: { ...quantization, guidance } };
    return (await train(initial, stream, own, undefined, { teacher: initial })).state;
  }));
  assertEquals(results[0].losses[0], results[1].losses[0]);
  assertNotEquals(results[0].losses[7], results[1].losses[7]);
  await assertRejects(
    () => train(initial, stream, { ...short, quantization }, undefined),
    InputError,
    "Cannot train with guidance: there must be a teacher",
  );
  await assertRejects(
    () =>
      train(
        initial,
        stream,
        { ...short, quantization: { bits: { weights: 9, activations: 4 } } },
        undefined,
      ),
    InputError,
    "Cannot quantize query of layer 0: bits must be",
  );
});
