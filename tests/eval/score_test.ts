import { assert, assertEquals, assertRejects } from "@std/assert";
import { InputError, seededRandom, silent } from "../../lib/core/mod.ts";
import {
  type ScoreOptions,
  scoreRuns,
  scoreWindows,
  type WindowScores,
} from "../../lib/eval/mod.ts";
import { decodeMatrix, floatMatrix } from "../../lib/format/mod.ts";
import {
  atSites,
  FinalStreams,
  forward,
  type ForwardOptions,
  type LayerWeights,
  linearGroups,
  logits,
  type Model,
  openModel,
  residentSource,
} from "../../lib/model/mod.ts";
import { tf, tidy } from "../../lib/tensor/mod.ts";
import { logSoftmax } from "./log_softmax.ts";
import { assertClose, pruning, randomIds, tinyModels, withModel } from "./tiny_models.ts";

const window = randomIds(40, 5);
const count = window.length - 1;

/** The scores of the window. */
async function score(model: Model, options?: ForwardOptions & ScoreOptions) {
  const [scores] = await scoreWindows(model, [window], options);
  return scores;
}

/** The log-probabilities at each position of the window, from its last hidden state alone. */
async function slowLogProbabilities(
  stored: Model,
  options: ForwardOptions,
): Promise<Float64Array[]> {
  using model = await openModel(stored);
  return tidy(() => {
    const { hidden, positions, exits } = forward(model, window, options);
    const rows: Float64Array[] = [];
    for (const group of [{ hidden, positions }, ...exits]) {
      group.positions.forEach((position, row) => {
        const state = tf.slice2d(group.hidden, [row, 0], [1, -1]);
        rows[position] = logSoftmax(logits(model, state).dataSync());
      });
    }
    return rows.slice(0, count);
  });
}

const divergenceOf = (p: Float64Array, q: Float64Array) =>
  p.reduce((sum, log, i) => sum + Math.exp(log) * (log - q[i]), 0);
const best = (p: Float64Array) => p.indexOf(Math.max(...p));

/** The model with noise on its linear maps: another model of the same vocabulary. */
async function noisy(model: Model): Promise<Model> {
  const random = seededRandom(8);
  const layers: LayerWeights[] = [];
  for (let layer = 0; layer < model.architecture.layers; layer++) {
    const weights = await model.source.layer(layer);
    const changed = { ...weights };
    for (const name of linearGroups.flatMap((group) => group.names)) {
      const module = weights[name];
      if (!module) continue;
      const { rows, columns } = module.weight;
      const values = decodeMatrix(module.weight).map((value) => value + 0.05 * random.normal());
      changed[name] = { ...module, weight: floatMatrix("F32", values, rows, columns) };
    }
    layers.push(changed);
  }
  return { ...model, source: residentSource({ outer: model.source.outer, layers }) };
}

for (const name of tinyModels) {
  for (const [title, options] of [["all tokens", {}], ["pruning", { pruning }]] as const) {
    Deno.test(`scoreWindows() takes the loss of the original next token: ${name}, ${title}`, () =>
      withModel(name, async (model) => {
        const expected = (await slowLogProbabilities(model, options)).map((log, position) =>
          -log[window[position + 1]]
        );
        assertClose((await score(model, options)).loss, expected, 1e-5);
      }));
  }
}

Deno.test("scoreWindows() marks the positions that reached the end", () =>
  withModel("llama", async (model) => {
    using open = await openModel(model);
    const ends = tidy(() => forward(open, window, { pruning }).positions);
    const { survived } = await score(model, { pruning });
    assertEquals(ends.length, 14);
    assertEquals(
      [...survived.keys()].filter((i) => survived[i]),
      [...ends].filter((i) => i < count),
    );
    assertEquals((await score(model)).survived, new Uint8Array(count).fill(1));
    // A hundredth of 40 tokens is none.
    const nobody = { ...pruning, ratios: new Map([[1, 0.01]]) };
    assertEquals(await score(model, { pruning: nobody }), await score(model));
  }));

Deno.test("scoreWindows() scores a pruned position even if the token it predicts was pruned", () =>
  withModel("opt-pre", async (model) => {
    const { loss, survived } = await score(model, { pruning });
    const both = [...survived.keys()].filter((i) => !survived[i] && survived[i + 1] === 0);
    assert(both.length > 0);
    for (const position of both) assert(loss[position] > 0);
    // The last token is predicted but predicts nothing; changing it changes the last loss alone.
    const changed = window.slice();
    changed[count] = (changed[count] + 1) % 512;
    const dense = (await score(model)).loss;
    const other = (await scoreWindows(model, [changed]))[0].loss;
    assertEquals(other.slice(0, count - 1), dense.slice(0, count - 1));
    assert(other[count - 1] !== dense[count - 1]);
  }));

Deno.test("scoreWindows() lets a pruned position exit before the MLP of its block", () =>
  withModel("llama", async (model) => {
    const early = await score(model, { pruning });
    const dense = await score(model);
    const changed = (flag: number) =>
      [...early.survived.keys()].filter((i) =>
        early.survived[i] === flag && early.loss[i] !== dense.loss[i]
      ).length;
    assertEquals(changed(0), count - early.survived.reduce((sum, flag) => sum + flag, 0));
    assert(changed(1) > 0);
  }));

for (const [title, options] of [["all tokens", {}], ["pruning", { pruning }]] as const) {
  Deno.test(`scoreWindows() compares with the reference at the same position: ${title}`, () =>
    withModel("llama", async (reference) => {
      const model = await noisy(reference);
      const scores = await score(model, { ...options, reference });
      const p = await slowLogProbabilities(reference, {});
      const q = await slowLogProbabilities(model, options);
      assertClose(scores.divergence!, p.map((log, i) => divergenceOf(log, q[i])), 1e-4);
      assertEquals([...scores.agreement!], p.map((log, i) => Number(best(log) === best(q[i]))));
      const agreeing = scores.agreement!.reduce((sum, flag) => sum + flag, 0);
      assert(agreeing > 0 && agreeing < count, "a comparison that says nothing");
      assertEquals(scores.loss, (await score(model, options)).loss);
      assertClose(scores.referenceLoss!, (await score(reference)).loss, 1e-5);
    }));
}

Deno.test("scoreWindows() finds a model to agree with itself exactly", () =>
  withModel("bloom", async (model) => {
    const { divergence, agreement } = await score(model, { reference: model });
    assertEquals(divergence, new Float32Array(count));
    assertEquals(agreement, new Uint8Array(count).fill(1));
    const alone = await score(model);
    assertEquals(Object.keys(alone), ["loss", "survived"]);
  }));

Deno.test("scoreWindows() keeps no logits", () =>
  withModel("opt-pre", async (model) => {
    const reference = await noisy(model);
    for (const options of [{}, { pruning, reference }]) {
      const { kernels } = await tf.profile(async () => {
        await score(model, options);
        return [];
      });
      const names = kernels.map(({ name }) => name);
      assert(names.includes("ScoreTokens"));
      const shapes = kernels.flatMap(({ name, outputShapes }) =>
        name === "DecodeMatrix" ? [] : outputShapes // the head itself
      );
      assertEquals(shapes.filter((shape) => shape.at(-1) === 512), []);
    }
  }));

Deno.test("scoreWindows() refuses short windows, other vocabularies and NaN", () =>
  withModel("opt-pre", async (model) => {
    const refused = (run: () => Promise<unknown>, message: string) =>
      assertRejects(run, InputError, message);
    await refused(
      () => scoreWindows(model, [window, Int32Array.of(3)]),
      "Cannot score a window with opt-pre: a window must have at least 2 tokens, got 1",
    );
    const architecture = { ...model.architecture, vocabularySize: 500 };
    await refused(
      () => score(model, { reference: { ...model, architecture } }),
      "Cannot score a window with opt-pre: the reference must know 512 tokens, got 500",
    );
    const hook = (value: tf.Tensor) => tf.mul(value, NaN);
    await refused(
      () => score(model, { hook }),
      "Cannot score a window with opt-pre: attn.input of layer 0 must be finite, got NaN",
    );
  }));

Deno.test("scoreWindows() gives every window what it gets alone, bit for bit", () =>
  withModel("llama", async (model) => {
    const windows = [1, 2, 3].map((seed) => randomIds(10 + 9 * seed, seed));
    const together = await scoreWindows(model, windows, { pruning, reference: model });
    for (const [index, window] of windows.entries()) {
      const alone = await scoreWindows(model, [window], { pruning, reference: model });
      assertEquals(together[index], alone[0]);
    }
    assertEquals(await scoreWindows(model, []), []);
  }));

Deno.test("scoreRuns() gives every runner what it gets alone, bit for bit", () =>
  withModel("bloom", async (reference) => {
    const model = await noisy(reference);
    const windows = [window, randomIds(25, 6)];
    const runs = [{}, { pruning }, { lower: { share: 0.3, inherited: true }, pruning }];
    const runners = [
      ...runs.map((options) => ({ model, options })),
      { model: reference }, // the reference as one of them: no divergence from itself
    ];
    const together = await scoreRuns(runners, windows, { reference });
    for (const [order, { model, ...runner }] of runners.entries()) {
      const options = "options" in runner ? runner.options : {};
      const alone = await scoreWindows(model, windows, { ...options, reference });
      assertEquals(together.map((scores) => scores[order]), alone);
    }
    assertEquals(together[0][3].divergence, new Float32Array(count));
  }));

Deno.test("scoreRuns() gives the same scores where the reference's streams are kept, bit for bit", () =>
  withModel("llama", (reference) =>
    withModel("opt-pre", async (model) => {
      const windows = [3, 4].map((seed) => randomIds(20, seed));
      const runners = [{ model, options: { pruning } }, { model }];
      const expected = await scoreRuns(runners, windows, { reference });
      using referenceStreams = new FinalStreams();
      for (let time = 0; time < 2; time++) {
        const options = { reference, referenceStreams };
        assertEquals(await scoreRuns(runners, windows, options), expected);
        assertEquals(windows.every((window) => referenceStreams.has(window)), true);
      }
    })));

Deno.test("scoreRuns() keeps no tensors where it is refused or stopped on the way", () =>
  withModel("llama", async (model) => { // which looks for tensors left behind
    const before = tf.memory().numTensors;
    const controller = new AbortController();
    const { signal } = controller;
    const progress = {
      ...silent,
      update: (done: number) => done > 0.5 && controller.abort(),
      finish: () => assert(false, "it has not finished"),
    };
    const runners = [{ model }, { model, options: { pruning } }];
    await assertRejects(() => scoreRuns(runners, [window], { reference: model, progress, signal }));
    assertEquals(tf.memory().numTensors, before);
    const outOfRange = { pruning: { ...pruning, ratios: new Map([[1, 2]]) } };
    const refused = [{ model }, { model, options: outOfRange }];
    await assertRejects(
      () => scoreRuns(refused, [window], { reference: model }),
      InputError,
      "ratio must lie in [0, 1), got 2",
    );
    assertEquals(tf.memory().numTensors, before);
    const strange = [window, Int32Array.of(1, 512)];
    await assertRejects(() => scoreRuns(runners, strange), InputError, "token ids must be 0..511");
  }));

Deno.test("scoreRuns() refuses NaN with the window that gives it, not after all others", () =>
  withModel("llama", async (model) => {
    const hook = atSites(
      ["mlp.input"],
      (value, { window }) => window === 0 ? tf.mul(value, NaN) : value,
    );
    let last = 0;
    const progress = {
      ...silent,
      update: (done: number) => void (last = done),
      finish: () => assert(false, "it has not finished"),
    };
    const windows = [1, 2, 3].map((seed) => randomIds(20, seed));
    await assertRejects(
      () => scoreRuns([{ model }, { model, options: { hook } }], windows, { progress }),
      InputError,
      "Cannot score a window with llama: mlp.input of layer 0 must be finite, got NaN",
    );
    assertEquals(last, (3 * 3 + 1) / 4); // three blocks of three windows, and one head
  }));

Deno.test("scoreRuns() refuses to run no model", async () => {
  await assertRejects(
    () => scoreRuns([], [window]),
    InputError,
    "Cannot score windows: there must be at least one model",
  );
});

Deno.test("scoreRuns() goes on behind the windows that are kept, and gives what all of them give", () =>
  withModel("llama", async (model) => {
    const other = await noisy(model);
    const windows = [1, 2, 3, 4, 5].map((seed) => randomIds(24, seed));
    const runners = [{ model: other }, { model: other, options: { pruning } }];
    const all = await scoreRuns(runners, windows, { reference: model });
    const done: number[] = [];
    const progress = { ...silent, update: (count: number) => done.push(count) };
    for (const [known, run] of [[0, 5], [2, 3], [5, 1]]) {
      const added: WindowScores[][] = [];
      const kept = {
        read: (count: number, most: number) =>
          Promise.resolve(all.slice(0, Math.min(known, most)).map((own) => own.slice(0, count))),
        add: (scores: WindowScores[]) => void added.push(scores),
      };
      done.length = 0;
      assertEquals(await scoreRuns(runners, windows, { reference: model, kept, progress }), all);
      assertEquals(added, all.slice(5 - run));
      assert(done[0] > 5 - run && done[0] < 6 - run, `${done[0]} windows at first`);
      assertEquals(done.at(-1), 5);
    }
  }));
